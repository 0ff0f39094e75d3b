// Messages from a broker, with an operator's certificate, until somebody says that it is enough.
import { randomBytes } from "node:crypto";
import type { MqttClient } from "mqtt";
import { isTopicFilter } from "../../src/policy/topic-filter.js";
import { connectBroker, parseBroker } from "../broker-connection.js";
import { printProgress, quote, UsageError } from "../command-line.js";
import { Fleet } from "../pki/fleet.js";
import { readText } from "./key-file.js";

/** [MQTT-3.9.3-2]: the return code of a SUBACK. */
const REFUSED = 0x80;

const GOODBYE_MS = 2000;

export interface ListenOptions {
	/** mqtts://HOST[:PORT] */
	readonly broker: string;
	/** Folder of the fleet: certificates, and the broker's authority where `ca` names none. */
	readonly fleet: string;
	readonly operator?: string;
	readonly ca?: string;
	/** Named: the broker keeps it between runs. */
	readonly session?: string;
	readonly seconds?: number;
	readonly filters: readonly string[];
	readonly onMessage: (topic: string, payload: Uint8Array) => "more" | "enough";
}

/** Resolves when it was enough, or interrupted, or the time is over. */
export async function listen(options: ListenOptions): Promise<void> {
	if (!options.operator)
		throw new UsageError("--broker: needs --operator, whose certificate it is");
	const { host, port } = parseBroker(options.broker);
	for (const filter of options.filters) {
		if (!isTopicFilter(filter)) throw new UsageError(`${quote(filter)} is no topic filter of MQTT`);
	}
	const fleet = await Fleet.open(options.fleet);
	const authority = readText("--ca", options.ca ?? fleet.authorityFile);
	const session = options.session ?? `verify-${randomBytes(4).toString("hex")}`;
	if (!/^[A-Za-z0-9_-]{1,32}$/.test(session)) throw new UsageError(`--session: ${quote(session)}`);
	let stop: () => void = () => undefined;
	const ended = new Promise<void>((resolve) => (stop = resolve));
	const client = await connectBroker({
		url: options.broker,
		authority,
		identity: fleet.operatorIdentity(options.operator),
		clientId: `${options.operator}/${session}`,
		persistent: options.session !== undefined,
		reconnectMs: 1000,
		onMessage: (topic, payload) => {
			if (options.onMessage(topic, payload) === "enough") stop();
		},
	});
	process.once("SIGINT", stop);
	process.once("SIGTERM", stop);
	if (options.seconds) setTimeout(stop, options.seconds * 1000).unref();
	const lost = () => printProgress("connection lost");
	client.on("close", lost);
	client.on("connect", () => printProgress("connected again"));
	client.on("error", () => undefined); // told by "connection lost"; attempts go on
	try {
		const subscribed = subscribe(client, options.filters, `${host}:${port}`).then(() => {
			printProgress(`listening to ${host}:${port} as ${options.operator}`);
		});
		await Promise.race([subscribed, ended]);
		await ended;
	} finally {
		process.off("SIGINT", stop).off("SIGTERM", stop);
		client.off("close", lost); // the client listens too
		await end(client);
	}
}

/** What was asked of the broker, and what it granted where it answered. */
interface SubscribeError extends Error {
	readonly packet?: { readonly granted?: readonly number[] };
}

async function subscribe(
	client: MqttClient,
	filters: readonly string[],
	broker: string,
): Promise<void> {
	try {
		await client.subscribeAsync([...filters], { qos: 1 });
	} catch (error) {
		const { packet, message } = error as SubscribeError;
		const refused = filters.filter((_, index) => packet?.granted?.[index] === REFUSED);
		const why =
			refused.length > 0 ? ` refused the subscription to ${refused.join(", ")}` : `: ${message}`;
		throw new Error(`broker ${broker}${why}`, { cause: error });
	}
}

/** Says goodbye, so that what was acknowledged does not come again; not for ever. */
async function end(client: MqttClient): Promise<void> {
	const timer = setTimeout(() => client.end(true), GOODBYE_MS);
	if (client.connected) await client.endAsync();
	else client.end(true);
	clearTimeout(timer);
}
