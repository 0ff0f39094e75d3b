// Somebody with the right to publish on a device's command topic sends it all that he can, through
// a real broker, to the XS host with the memory of the chip. It costs the device one connection: no
// reading, no boot. Every forged command nests as deep as it is long.

import { topicFor } from "../../src/policy/rules.js";
import { connectBroker } from "../../tools/broker-connection.js";
import { mosquittoPath } from "../support/brokers.js";
import { engine } from "../support/engine.js";
import { DEVICE, Installation, OPERATOR } from "../support/installation.js";

const TOPIC = topicFor("holdfast/{device}/command", DEVICE);
const TEST_MS_MAX = 120_000;
const isBrokerThere = mosquittoPath() !== undefined || Boolean(process.env.CI);

const FORGED: readonly Uint8Array[] = [
	new Uint8Array(300).fill(0xd2), // tags of COSE_Sign1
	new Uint8Array(300).fill(0x81), // arrays of one
	Uint8Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? 0xa1 : 0)), // maps of one
];
const TOO_LARGE: readonly Uint8Array[] = [new Uint8Array(200_000)];

/** Publishes one of `payloads` so many times, as the operator's own connection may. */
async function flood(installation: Installation, payloads: readonly Uint8Array[], times: number) {
	const client = await connectBroker({
		...installation.operatorConnection(),
		clientId: `${OPERATOR}/flood`,
	});
	const publish = (_: unknown, index: number) => {
		const payload = payloads[index % payloads.length] as Uint8Array;
		return client.publishAsync(TOPIC, Buffer.from(payload), { qos: index % 2 === 0 ? 0 : 1 });
	};
	await Promise.all(Array.from({ length: times }, publish));
	await client.endAsync();
}

describe("a flood from a real broker", () => {
	let installation: Installation;

	beforeEach(async () => {
		installation = await Installation.create({
			kind: isBrokerThere ? "mosquitto" : "aedes",
			host: "linux",
		});
		await installation.listen();
		await installation.provision();
		await installation.readings(2);
		await installation.someEvent("connection-stable");
	});

	afterEach(async () => {
		await installation.close();
	});

	const isFlood = () =>
		installation
			.eventsNamed("connection-failed")
			.filter(({ failureClass }) => failureClass === "flood");

	const floods = [
		["forged commands", FORGED, 700],
		["messages too large to read", TOO_LARGE, 12],
	] as const;

	for (const [name, payloads, times] of floods) {
		engine.it(
			`of ${name} costs one connection, and the device comes back`,
			async () => {
				const sent = flood(installation, payloads, times);
				await installation.until(() => isFlood().length > 0);
				await sent;
				const before = installation.eventsNamed("connection-online").length;
				await installation.until(
					() => installation.eventsNamed("connection-online").length > before,
				);
				const accepted = installation.eventsNamed("reading-accepted").length;
				await installation.readings(accepted);
				expect(installation.observer.refused).toBe(0);
				expect(installation.observer.missing).toBe(0);
				// Queued for us by the broker, the rest of the flood may end the next session as well.
				expect(isFlood().length).toBeLessThanOrEqual(3);
				expect(installation.eventsNamed("device-booted")).toHaveLength(1);
				expect(installation.eventsNamed("board-exited")).toEqual([]);
			},
			TEST_MS_MAX,
		);
	}
});
