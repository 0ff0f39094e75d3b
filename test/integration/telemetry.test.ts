// The main job against other people's brokers: the firmware bundle, on Node and on XS, publishes
// signed telemetry over mutual TLS, and an operator with a certificate verifies it.

import { Secret } from "../../src/bytes/secret.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import { DEFAULT_RULES, type PolicyRule } from "../../src/policy/rules.js";
import { sendCommand } from "../../tools/command/send-command.js";
import { flipBit } from "../../tools/start/flip-bit.js";
import { isRefused } from "../../tools/start/observer.js";
import { DENIALS, describeWithEachBroker, type BrokerKind } from "../support/brokers.js";
import { engine } from "../support/engine.js";
import { DEVICE, Installation, OPERATOR } from "../support/installation.js";
import { findSecrets } from "../support/secret-scan.js";

/** A device whose own table allows more than the broker's does. */
const WIDER_RULES: readonly PolicyRule[] = [
	...DEFAULT_RULES.filter(({ channel }) => channel !== "telemetry"),
	{ direction: "publish", channel: "telemetry", topic: "elsewhere/{device}", QoS: 1 },
];
const CURIOUS_RULES: readonly PolicyRule[] = [
	...DEFAULT_RULES,
	{ direction: "subscribe", channel: "others", topic: "holdfast/+/telemetry", QoS: 1 },
];

function describeEverywhere(
	name: string,
	body: (kind: BrokerKind, host: "node" | "linux") => void,
): void {
	engine.describeOnEachHost(name, (host) => {
		describeWithEachBroker("telemetry", (kind) => body(kind, host));
	});
}

describeEverywhere("telemetry over mutual TLS", (kind, host) => {
	let installation: Installation;

	beforeEach(async () => {
		installation = await Installation.create({ kind, host });
	});

	afterEach(async () => {
		await installation.close();
	});

	it("arrives, verifies, and shows nothing on the wire", async () => {
		await installation.listen();
		await installation.provision();
		await installation.readings(5);
		expect(installation.observer.refused).toBe(0);
		expect(installation.observer.missing).toBe(0);
		const { proxy } = installation;
		const wire = Buffer.concat([proxy.recorded("up"), proxy.recorded("down")]);
		expect(proxy.recorded("up").subarray(0, 2).toString("hex")).toBe("1603"); // a TLS handshake
		for (const word of ["MQTT", "holdfast/", "temperature", "telemetry"]) {
			expect({ word, isOnTheWire: wire.includes(word) }).toEqual({ word, isOnTheWire: false });
		}
	});

	it("is complete after the network, the broker and the power were gone", async () => {
		await installation.listen();
		await installation.provision();
		await installation.readings(2);
		const failed = installation.nextEvent("connection-failed");
		await installation.proxy.cut();
		await failed;
		await installation.nextEvent("reading-accepted");
		const restored = installation.nextEvent("connection-online");
		await installation.proxy.restore();
		await restored;
		await installation.broker.stop();
		await installation.nextEvent("reading-accepted");
		const returned = installation.nextEvent("connection-online");
		await installation.broker.start();
		await returned;
		const online = installation.nextEvent("connection-online");
		await installation.board.powerCut();
		await online;
		await installation.nextEvent("reading-accepted");
		const accepted = installation
			.eventsNamed("reading-accepted")
			.map(({ sequence }) => Number(sequence));
		const arrived = () => {
			const verified = new Set(
				installation.verdicts.flatMap((verdict) =>
					verdict.kind === "verified" ? [verdict.sequence] : [],
				),
			);
			return accepted.filter((sequence) => !verified.has(sequence));
		};
		await installation.until(() => arrived().length === 0);
		expect(new Set(accepted).size).toBe(accepted.length);
		expect(installation.observer.missing).toBe(0);
	});

	it("obeys a signed command and answers with a signed result", async () => {
		await installation.provision();
		await installation.someEvent("connection-online");
		const answer = await sendCommand({
			fleet: installation.fleet,
			operator: OPERATOR,
			device: DEVICE,
			command: { name: "report" },
			broker: `mqtts://localhost:${installation.broker.port}`,
		});
		expect(answer.kind === "answered" ? answer.result.outcome : answer.kind).toBe("done");
	});

	it("is refused by the verifier when a bit was turned over on the way", async () => {
		await installation.listen();
		await installation.provision();
		await installation.readings(1);
		const { observer, broker } = installation;
		const genuine = observer.lastReading;
		const refused = observer.next(isRefused, new AbortController().signal);
		const altered = flipBit(genuine?.bytes ?? new Uint8Array(), 0.999);
		if (broker.inject) broker.inject(genuine?.topic ?? "", altered);
		else observer.receive(genuine?.topic ?? "", altered);
		expect(await refused).toMatchObject({
			kind: "refused",
			reason: expect.stringMatching("^signature"),
		});
	});

	it("shows none of its secrets to anybody", async () => {
		const secrets = { mqtt: "planted-mqtt-password", link: "planted-link-password" };
		await installation.provision({
			authentication: {
				kind: "password",
				user: DEVICE,
				password: new Secret(encodeUTF8(secrets.mqtt)),
			},
			link: { ssid: "factory", password: new Secret(encodeUTF8(secrets.link)) },
		});
		await installation.someEvent("connection-online");
		await installation.board.powerCut();
		await installation.nextEvent("reading-accepted");
		installation.board.provoke("crash");
		await installation.nextEvent("reading-accepted");
		const output = JSON.stringify(installation.events);
		expect(output).toContain("provoked by the board"); // what it prints when it crashes is in it
		expect(findSecrets(output, secrets)).toEqual([]);
		for (const direction of ["up", "down"] as const) {
			expect(findSecrets(installation.proxy.recorded(direction), secrets)).toEqual([]);
		}
		expect(findSecrets(`x${secrets.mqtt}`, secrets)).toEqual(["mqtt (plain)"]);
	});

	it("does not get past the broker's own policy", async () => {
		await installation.listen();
		await installation.provision({ policy: WIDER_RULES });
		await installation.someEvent("connection-online");
		if (DENIALS[kind].publish === "closed") {
			const failed = await installation.someEvent("connection-failed");
			expect(failed.phase).toBe("online");
		} else {
			// Acknowledged and dropped: they leave the device's flash, and never arrive. Or the broker
			// resets the connection behind its acknowledgement, which is lost with it: that is seen too.
			await installation.until(() => {
				const failed = installation.eventsNamed("connection-failed");
				if (failed.some(({ phase }) => phase === "online")) return true;
				const depths = installation
					.eventsNamed("reading-accepted")
					.map(({ depth }) => Number(depth));
				// Each reading adds one: where the depth does not grow, something has left.
				return depths.some((depth, index) => index > 0 && depth <= (depths[index - 1] ?? 0));
			});
		}
		expect(installation.observer.readings).toBe(0);
	});

	it("hears nothing of other devices, whatever its own table says", async () => {
		await installation.listen();
		await installation.provision({ policy: CURIOUS_RULES });
		if (DENIALS[kind].subscribe === "refused") {
			const refused = await installation.someEvent("subscription-refused");
			expect(refused.topic).toBe("holdfast/+/telemetry");
		} else {
			await installation.readings(3);
			// Its own readings match the filter; they do not come back.
			expect(installation.eventsNamed("signature-rejected")).toEqual([]);
			expect(installation.eventsNamed("command-refused")).toEqual([]);
		}
	});
});
