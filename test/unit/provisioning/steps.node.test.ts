import { concatBytes } from "../../../src/bytes/arrays.js";
import { Secret } from "../../../src/bytes/secret.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { encodeFrame } from "../../../src/provisioning/frame.js";
import { encodeMessage } from "../../../src/provisioning/messages.js";
import { Random } from "../../../hosts/simulator/random.js";
import { Bench, BenchFleet } from "../../support/provisioning-bench.js";
import { sampleBytes, spoiltBytes } from "../../support/sample-configuration.js";
import { findSecrets } from "../../support/secret-scan.js";
import { chosenSeed } from "../../support/seed.js";

import { asking, expectFinished, failure } from "../../support/provisioning-steps.js";
let fleet: BenchFleet;
beforeAll(async () => {
	fleet = await BenchFleet.create();
});
beforeEach(() => fleet.records.clear());

describe("a step of provisioning", () => {
	it("is done once when its request comes twice", async () => {
		const bench = new Bench(fleet, 30);
		const answers: Uint8Array[] = [];
		const frame = encodeFrame(encodeMessage({ id: 7, name: "keys", fields: {} }));
		const port = bench.openPort();
		port.onData = (bytes) => answers.push(bytes);
		port.write(frame);
		bench.clock.advance(50);
		const writes = bench.device.storage.writes;
		port.write(frame);
		bench.clock.advance(50);
		expect(answers).toHaveLength(2);
		expect(answers[1]).toEqual(answers[0]);
		expect(bench.device.storage.writes).toBe(writes);
	});

	it("that was refused is refused once when its request comes twice", () => {
		const bench = new Bench(fleet, 38);
		const frame = encodeFrame(encodeMessage({ id: 7, name: "prove", fields: { offset: 0 } }));
		const port = bench.openPort();
		for (let time = 0; time < 2; time++) {
			port.write(frame);
			bench.clock.advance(50);
		}
		expect(bench.device.events.map(({ name }) => name)).toEqual(["provisioning-refused"]);
	});

	it("makes no second key before the first is used", async () => {
		const bench = new Bench(fleet, 31);
		const { ask } = asking(bench);
		expect(await ask("keys")).toEqual(await ask("keys"));
	});

	it("that comes too early says what is missing", async () => {
		const { ask } = asking(new Bench(fleet, 32));
		const early = [
			["request", { deviceId: "a", offset: 0 }, "keys first"],
			["chunk", { offset: 0, bytes: new Uint8Array(1) }, "begin first"],
			["prove", { offset: 0 }, "challenge first"],
			["lock", {}, "commit first"],
		] as const;
		for (const [name, fields, expected] of early) {
			const refused = await failure(ask(name, fields));
			expect([refused.refusal?.code, refused.refusal?.expected]).toEqual(["step", expected]);
		}
		const refused = await failure(ask("commit", { digest: new Uint8Array(32) }));
		expect(refused.refusal?.code).toBe("digest");
	});

	it("goes on with a transfer where it stopped, and refuses gaps", async () => {
		const bench = new Bench(fleet, 33);
		const { ask } = asking(bench);
		const digest = new Uint8Array(32).fill(1);
		const bytes = new Uint8Array(80).fill(2);
		expect((await ask("begin", { digest, total: 200 })).offset).toBe(0);
		expect((await ask("chunk", { offset: 0, bytes })).offset).toBe(80);
		expect((await ask("chunk", { offset: 0, bytes })).offset).toBe(80);
		const gap = await failure(ask("chunk", { offset: 81, bytes }));
		expect([gap.refusal?.code, gap.refusal?.expected]).toEqual(["offset", "80"]);
		const beyond = await failure(ask("chunk", { offset: 121, bytes }));
		expect(beyond.refusal?.code).toBe("offset");
		const again = asking(bench); // another run of the station
		expect((await again.ask("begin", { digest, total: 200 })).offset).toBe(80);
		expect((await again.ask("begin", { digest, total: 199 })).offset).toBe(0);
	});

	it("refuses content that its digest does not name, and takes it sent again", async () => {
		const { ask, transfer, commit } = asking(new Bench(fleet, 34));
		const bytes = new Uint8Array(100).fill(3);
		const wrong = new Uint8Array(32).fill(4);
		await ask("begin", { digest: wrong, total: bytes.length });
		await transfer(bytes, wrong);
		expect((await failure(ask("commit", { digest: wrong }))).refusal?.code).toBe("digest");
		expect((await ask("begin", { digest: wrong, total: bytes.length })).offset).toBe(0);
		expect((await failure(commit(bytes))).refusal?.code).toBe("configuration");
	});

	it("refuses a malformed configuration with the path of its field, and stays new", async () => {
		const bench = new Bench(fleet, 35);
		const { commit } = asking(bench);
		const cases: [Uint8Array, string, string][] = [
			[spoiltBytes(["servers", 1, "port"], 0), "servers[1].port", "an integer of 1 to 65535"],
			[
				spoiltBytes(["servers", 0], "mqtt://broker"),
				"servers[0]",
				"a map of host and port (always mqtts)",
			],
			[
				spoiltBytes(["policy"], [new Map([["topic", "#"]])]),
				"policy[0].direction",
				"a value: it is missing",
			],
			[sampleBytes(), "keyName", "a key that was made"],
		];
		for (const [bytes, path, expected] of cases) {
			const refused = (await failure(commit(bytes))).refusal;
			expect(refused).toEqual({ code: "configuration", path, expected });
		}
		expect(bench.device.slots.active()).toBeUndefined();
		const again = asking(bench);
		await again.ask("keys");
		// The certificates of the sample are of no key at all.
		const refused = (await failure(again.commit(sampleBytes()))).refusal;
		expect(refused?.path).toBe("certificates[0]");
	});

	it("answers with the storage's error when storage fails", async () => {
		const bench = new Bench(fleet, 36);
		const { ask } = asking(bench);
		bench.device.keyStore.generate = () => {
			throw Object.assign(new Error("worn"), { code: "storage-worn" });
		};
		const refused = await failure(ask("keys"));
		expect(refused.refusal).toEqual({ code: "storage", expected: "storage-worn" });
	});

	it("never shows a password, on the device or at the station", async () => {
		const secrets = { wifi: "correct-horse-battery", mqtt: "open-sesame-please" };
		const bench = new Bench(fleet, 37);
		const wire: Uint8Array[] = [];
		bench.wire.fault = (direction, sent) => {
			if (direction === "to-station") wire.push(sent);
			return sent;
		};
		const { record } = await bench.provision({
			settings: {
				servers: [{ host: "broker.test", port: 8883 }],
				link: { ssid: "hall", password: new Secret(encodeUTF8(secrets.wifi)) },
				authentication: {
					kind: "password",
					user: "u",
					password: new Secret(encodeUTF8(secrets.mqtt)),
				},
			},
		});
		const shown = JSON.stringify([record, bench.device.events]);
		expect(findSecrets(concatBytes(encodeUTF8(shown), ...wire), secrets)).toEqual([]);
	});

	it("is never broken by random frames", async () => {
		const seed = chosenSeed();
		console.log(`HOLDFAST_SEED=${seed}`);
		const random = new Random(seed);
		const bench = new Bench(fleet, seed);
		const port = bench.openPort();
		const names = ["hello", "status", "challenge", "keys", "request", "begin"] as const;
		const later = ["chunk", "commit", "prove", "unlock"] as const;
		for (let run = 0; run < 1500; run++) {
			const fields = {
				...(random.oneIn(2) && { offset: random.integer(0, 7168) }),
				...(random.oneIn(2) && { total: random.integer(1, 7168) }),
				...(random.oneIn(2) && { bytes: random.bytes(random.integer(1, 80)) }),
				...(random.oneIn(3) && { digest: random.bytes(32) }),
				...(random.oneIn(2) && { nonce: random.bytes(16) }),
				...(random.oneIn(4) && { deviceId: "a".repeat(random.integer(1, 20)) }),
			};
			const id = random.integer(1, 0xffffffff);
			const name = random.pick([...names, ...later]);
			let bytes = encodeMessage({ id, name, fields });
			if (random.oneIn(3)) bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
			if (random.oneIn(10)) bytes = random.bytes(random.integer(0, 116));
			if (bytes.length > 116) continue;
			const frame = encodeFrame(bytes);
			if (random.oneIn(10)) frame[random.integer(0, frame.length - 1)] = random.integer(0, 255);
			port.write(frame);
			bench.clock.advance(5);
		}
		expect(bench.device.slots.active()).toBeUndefined();
		expectFinished(bench, await bench.provision());
	});
});
