// Messages from a broker, with an operator's certificate, until somebody says that it is enough.
import { randomBytes } from "node:crypto";
import { connectBroker, parseBroker } from "../broker-connection.js";
import { printProgress, quote, UsageError } from "../command-line.js";
import { Fleet } from "../pki/fleet.js";
import { readText } from "./key-file.js";

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
	client.on("close", () => printProgress("connection lost"));
	client.on("connect", () => printProgress("connected again"));
	client.on("error", () => undefined); // told by "connection lost"; attempts go on
	const granted = await client.subscribeAsync([...options.filters], { qos: 1 });
	for (const { topic, qos } of granted) {
		if (qos === 128) throw new Error(`broker ${host}:${port} refused the subscription to ${topic}`);
	}
	printProgress(`listening to ${host}:${port} as ${options.operator}`);
	await ended;
	client.removeAllListeners("close");
	await client.endAsync();
}
