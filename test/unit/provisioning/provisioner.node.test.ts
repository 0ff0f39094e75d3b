import { createHash, sign } from "node:crypto";
import { concatBytes } from "../../../src/bytes/arrays.js";
import { toHex } from "../../../src/bytes/hex.js";
import { Secret } from "../../../src/bytes/secret.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { encodeFrame } from "../../../src/provisioning/frame.js";
import { encodeMessage } from "../../../src/provisioning/messages.js";
import { signUnlock, type StatementSigner } from "../../../src/provisioning/statement.js";
import type { CutManner } from "../../../hosts/simulator/power.js";
import { Random } from "../../../hosts/simulator/random.js";
import { keyIdOf } from "../../../tools/pki/device-record.js";
import { Conversation } from "../../../tools/provision/conversation.js";
import type { Provisioned } from "../../../tools/provision/station.js";
import { StationError } from "../../../tools/provision/station-error.js";
import { VirtualTimer } from "../../../hosts/simulator/timer.js";
import { Bench, BenchFleet, HARDWARE_ID } from "../../support/provisioning-bench.js";
import { sampleBytes, spoiltBytes } from "../../support/sample-configuration.js";
import { findSecrets } from "../../support/secret-scan.js";
import { chosenSeed } from "../../support/seed.js";

const NOTHING = new Uint8Array(0);
const BOOT_NOISE = encodeUTF8(
	"ESP-ROM:esp32c3-api1-20210207\r\nrst:0x1 (POWERON),boot:0xc\r\nload:0x3fcd5820,len:0x15d8\r\n\u0000\u0001",
);
const NEW_BROKER = { settings: { servers: [{ host: "new.test", port: 8883 }] } };

let fleet: BenchFleet;
beforeAll(async () => {
	fleet = await BenchFleet.create();
});
beforeEach(() => fleet.records.clear());

/** Asks as the station does, one request at a time. */
function conversationWith(bench: Bench): Conversation {
	const timer = new VirtualTimer(bench.clock);
	const entropy = new Random(bench.clock.monotonicMs() + 99);
	return new Conversation({ port: bench.openPort(), timer, entropy, answerMs: 100, attempts: 3 });
}

async function failure(promise: Promise<unknown>): Promise<StationError> {
	try {
		await promise;
	} catch (error) {
		if (error instanceof StationError) return error;
		throw error;
	}
	throw new Error("did not fail");
}

function operatorOf(bench: Bench): StatementSigner {
	const publicKey = bench.fleet.operators()[0]?.publicKey as Uint8Array;
	return {
		keyId: keyIdOf(publicKey),
		sign: (message) => new Uint8Array(sign(null, message, bench.fleet.operatorKeys.privateKey)),
	};
}

function expectFinished(bench: Bench, { record }: Provisioned): void {
	expect(record.deviceId).toBe(`unit-${HARDWARE_ID}`);
	expect(record.details?.locked).toBe(true);
	expect(bench.device.provisioner.isLocked).toBe(true);
	expect(bench.pending.units.size).toBe(0);
	const { slots, keyStore } = bench.device;
	const newest = slots.candidate() ?? slots.active();
	const digest = createHash("sha256")
		.update(newest?.installed.reveal() ?? NOTHING)
		.digest("hex");
	expect(record.details?.configurationDigest).toBe(digest);
	expect(record.signingKey).toBe(toHex(new Uint8Array(keyStore.publicKey("signing") ?? [])));
}

describe("Provisioner and Station", () => {
	it("take a new device to a proved, recorded and locked one", async () => {
		const bench = new Bench(fleet, 1);
		const provisioned = await bench.provision();
		expect(provisioned.outcome).toBe("provisioned");
		expectFinished(bench, provisioned);
		expect(bench.device.committed).toBe(1);
		expect(bench.device.slots.candidate()).toBeUndefined();
		expect(bench.device.events.map(({ name }) => name)).toEqual([
			"provisioning-keys-made",
			"provisioning-committed",
			"provisioning-locked",
		]);
	});

	it("find nothing to do when the run is repeated", async () => {
		const bench = new Bench(fleet, 2);
		const first = await bench.provision();
		const issued = fleet.issued;
		const second = await bench.provision();
		expect(second.outcome).toBe("present");
		expect(second.record).toEqual(first.record);
		expect(fleet.issued).toBe(issued);
	});

	it("say nothing on the wire unless asked", async () => {
		const bench = new Bench(fleet, 3);
		bench.clock.advance(3_600_000);
		expect(bench.wire.writes).toBe(0);
	});

	it("work through boot noise, and through garbage before every frame", async () => {
		const bench = new Bench(fleet, 4);
		bench.device.noise = BOOT_NOISE;
		bench.device.restart();
		const garbage = new Random(4);
		bench.wire.fault = (_direction, bytes) =>
			concatBytes(garbage.bytes(garbage.integer(0, 200)), bytes);
		expectFinished(bench, await bench.provision());
	});

	it("wait for a device that boots after the station began", async () => {
		const bench = new Bench(fleet, 5);
		bench.device.stop();
		bench.clock.schedule(() => bench.device.start(), 900);
		expectFinished(bench, await bench.provision());
	});

	it("survive the loss of any single byte of any frame", async () => {
		for (let lost = 0; lost < 124; lost++) {
			const bench = new Bench(fleet, 6);
			fleet.records.clear();
			// In this run every frame that is new loses that byte; sent again, it arrives.
			const seen = new Set<string>();
			bench.wire.fault = (_direction, sent) => {
				const frame = toHex(sent);
				if (seen.has(frame)) return sent;
				seen.add(frame);
				return concatBytes(sent.subarray(0, lost), sent.subarray(lost + 1));
			};
			expectFinished(bench, await bench.provision());
		}
	});

	it("survive a lossy line", async () => {
		const seed = chosenSeed();
		console.log(`HOLDFAST_SEED=${seed}`);
		const random = new Random(seed);
		const bench = new Bench(fleet, seed);
		bench.wire.fault = (_direction, sent) => {
			if (random.oneIn(8)) return NOTHING;
			if (!random.oneIn(8)) return sent;
			const changed = sent.slice();
			changed[random.integer(0, sent.length - 1)] = random.integer(0, 255);
			return changed;
		};
		expectFinished(bench, await bench.provision());
	});

	it("write an answer later when the port has no room", async () => {
		const bench = new Bench(fleet, 7);
		bench.device.room = 0;
		const refill = () => {
			bench.device.room = 128;
			if (!bench.device.provisioner.isLocked) bench.clock.schedule(refill, 30);
		};
		bench.clock.schedule(refill, 30);
		expectFinished(bench, await bench.provision());
	});

	it("finish after being unplugged in any frame of either direction", async () => {
		const writes = await countWrites();
		for (let last = 0; last < writes; last++) {
			const bench = new Bench(fleet, 8);
			fleet.records.clear();
			// Half of this frame passes, and nothing after it.
			bench.wire.fault = (_direction, sent, index) => {
				if (index < last) return sent;
				return index === last ? sent.subarray(0, sent.length >> 1) : NOTHING;
			};
			const broken = await failure(bench.provision({ attempts: 3 }));
			expect(broken.code).toBe("no-answer");
			bench.wire.fault = (_direction, sent) => sent;
			expectFinished(bench, await bench.provision());
			expect(bench.device.slots.candidate()).toBeUndefined();
		}
	});

	it("finish after the device restarts at any frame, in the same run", async () => {
		const writes = await countWrites();
		for (let at = 0; at < writes; at++) {
			const bench = new Bench(fleet, 9);
			fleet.records.clear();
			bench.device.noise = BOOT_NOISE;
			bench.wire.fault = (_direction, sent, index) => {
				if (index === at) bench.clock.schedule(() => bench.device.restart(), 1);
				return sent;
			};
			expectFinished(bench, await bench.provision());
		}
	});

	const manners: CutManner[] = ["before", "torn", "after"];
	for (const manner of manners) {
		it(`finish after a power cut ${manner} any write of the device`, async () => {
			for (let operation = 1; ; operation++) {
				const bench = new Bench(fleet, 10);
				fleet.records.clear();
				let boots = 0;
				bench.device.onBoot = () => boots++;
				bench.device.power.planCut({ operation, manner, seed: operation });
				expectFinished(bench, await bench.provision());
				if (boots === 0) {
					expect(operation).toBeGreaterThan(6);
					break;
				}
			}
		});
	}
});

describe("a provisioned device", () => {
	it("that is locked answers hello, and refuses everything else", async () => {
		const bench = new Bench(fleet, 20);
		await bench.provision();
		const { ask } = asking(bench);
		expect((await ask("hello")).state).toBe("locked");
		expect((await ask("status")).deviceId).toBe(`unit-${HARDWARE_ID}`);
		const refused = ["keys", "request", "commit", "prove"] as const;
		expect((await ask("lock")).state).toBe("locked");
		for (const name of refused) {
			expect((await failure(ask(name, { offset: 0 }))).refusal?.code).toBe("locked");
		}
		const long = failure(ask("begin", { digest: new Uint8Array(32), total: 4000 }));
		expect((await long).refusal?.path).toBe("total");
	});

	it("that is locked is not provisioned again without an operator", async () => {
		const bench = new Bench(fleet, 21);
		await bench.provision();
		fleet.records.clear(); // another station, which knows nothing of it
		const refused = await failure(bench.provision(NEW_BROKER));
		expect(refused.code).toBe("locked");
	});

	it("takes a new configuration on trial after an operator's unlock, with another TLS key", async () => {
		const bench = new Bench(fleet, 22);
		const first = await bench.provision();
		const signed = new Uint8Array(bench.device.keyStore.publicKey("tls-0") as ArrayBuffer);
		const second = await bench.provision({ ...NEW_BROKER, operator: operatorOf(bench) });
		expectFinished(bench, second);
		expect(second.record.signingKey).toBe(first.record.signingKey);
		const { slots, keyStore } = bench.device;
		expect(slots.active()?.configuration.servers[0]?.host).toBe("broker.test");
		expect(slots.candidate()?.configuration.servers[0]?.host).toBe("new.test");
		expect(slots.candidate()?.configuration.keyName).toBe("tls-1");
		expect(new Uint8Array(keyStore.publicKey("tls-0") as ArrayBuffer)).toEqual(signed);
		// Not proved: the old one is back, with its key.
		for (let failed = 0; slots.failed() === "kept" && failed < 20; failed++);
		expect(slots.begin()?.configuration.servers[0]?.host).toBe("broker.test");
	});

	it("is locked again after a restart in the middle of an unlocked run", async () => {
		const bench = new Bench(fleet, 23);
		await bench.provision();
		const operator = operatorOf(bench);
		await failure(
			bench.provision({
				...NEW_BROKER,
				operator,
				onStep: (step) => {
					if (step === "install") bench.wire.fault = () => NOTHING;
				},
				attempts: 2,
			}),
		);
		bench.wire.fault = (_direction, sent) => sent;
		expect(bench.device.provisioner.isLocked).toBe(false);
		bench.device.restart();
		expect(bench.device.provisioner.isLocked).toBe(true);
		expect(bench.device.slots.active()?.configuration.servers[0]?.host).toBe("broker.test");
		expectFinished(bench, await bench.provision({ ...NEW_BROKER, operator }));
	});

	it("refuses an unlock that is of another key, for another device, replayed or changed", async () => {
		const bench = new Bench(fleet, 24);
		const { record } = await bench.provision();
		const { ask, unlock, challenge } = asking(bench);
		const operator = operatorOf(bench);
		const { deviceId } = record;
		const own = {
			keyId: keyIdOf(Buffer.from(record.signingKey, "hex")),
			sign: (message: Uint8Array) => new Uint8Array(bench.device.keyStore.sign("signing", message)),
		};
		const cases: [(nonce: Uint8Array) => Uint8Array, string][] = [
			[(deviceNonce) => signUnlock({ deviceNonce, deviceId }, own), "signature"],
			[(deviceNonce) => signUnlock({ deviceNonce, deviceId: "other" }, operator), "wrong-device"],
			[() => signUnlock({ deviceNonce: new Uint8Array(16), deviceId }, operator), "not-fresh"],
			[() => encodeUTF8("open sesame"), "malformed"],
			[
				(deviceNonce) => {
					const message = signUnlock({ deviceNonce, deviceId }, operator);
					message[message.length - 1] = (message.at(-1) as number) ^ 1;
					return message;
				},
				"signature",
			],
		];
		for (const [make, reason] of cases) {
			const refused = await failure(unlock(make(await challenge())));
			expect([refused.refusal?.code, refused.refusal?.expected]).toEqual(["unlock", reason]);
			expect(bench.device.provisioner.isLocked).toBe(true);
		}
		const good = signUnlock({ deviceNonce: await challenge(), deviceId }, operator);
		await unlock(good);
		expect(bench.device.provisioner.isLocked).toBe(false);
		await ask("lock");
		// Its nonce was for one time.
		expect((await failure(unlock(good))).refusal?.code).toBe("step");
		await challenge();
		expect((await failure(unlock(good))).refusal?.expected).toBe("not-fresh");
		expect(bench.device.provisioner.isLocked).toBe(true);
	});

	it("gives a candidate up before the key of that name is made anew", async () => {
		const bench = new Bench(fleet, 28);
		await bench.provision({ leaveUnlocked: true });
		await bench.provision({ ...NEW_BROKER, leaveUnlocked: true });
		expect(bench.device.slots.candidate()?.configuration.keyName).toBe("tls-1");
		const { keyName } = await asking(bench).ask("keys");
		expect(keyName).toBe("tls-1");
		expect(bench.device.slots.candidate()).toBeUndefined();
	});

	it("is not unlocked by an operator who may not", async () => {
		const bench = new Bench(fleet, 29);
		const { record } = await bench.provision();
		const { slots } = bench.device;
		const active = slots.active();
		if (active === undefined) throw new Error("not provisioned");
		const [operator] = fleet.operators();
		const operators = [{ publicKey: operator?.publicKey as Uint8Array, commands: ["report"] }];
		slots.active = () => ({ ...active, configuration: { ...active.configuration, operators } });
		const { unlock, challenge } = asking(bench);
		const { deviceId } = record;
		const message = signUnlock({ deviceNonce: await challenge(), deviceId }, operatorOf(bench));
		expect((await failure(unlock(message))).refusal?.expected).toBe("signature");
	});

	it("does not pass with a proof of another configuration than was installed", async () => {
		const bench = new Bench(fleet, 39);
		const broken = await failure(
			bench.provision({
				onStep: (step) => {
					const active = bench.device.slots.active();
					if (step !== "prove" || active === undefined) return;
					const installed = new Secret(encodeUTF8("something else"));
					bench.device.slots.active = () => ({ ...active, installed });
				},
			}),
		);
		expect(broken.code).toBe("proof");
		expect(fleet.devices()).toEqual([]);
		expect(bench.device.provisioner.isLocked).toBe(false);
	});

	it("keeps its name: another one is refused by station and device", async () => {
		const bench = new Bench(fleet, 25);
		await bench.provision({ leaveUnlocked: true });
		const refused = await failure(bench.provision({ deviceId: "other" }));
		expect(refused.code).toBe("identity");
		const { ask } = asking(bench);
		await ask("keys");
		const request = failure(ask("request", { deviceId: "other", offset: 0 }));
		expect((await request).refusal?.code).toBe("device-id");
	});

	it("does not get the name of other hardware", async () => {
		const bench = new Bench(fleet, 26);
		const { record } = await bench.provision();
		fleet.records.set(record.deviceId, { ...record, hardwareId: "0000" });
		const second = new Bench(fleet, 27);
		expect((await failure(second.provision())).code).toBe("identity");
	});
});

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

/** Steps one by one. */
function asking(bench: Bench) {
	const conversation = conversationWith(bench);
	const ask: Conversation["ask"] = (name, fields) => bench.settle(conversation.ask(name, fields));
	const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
	const transfer = (bytes: Uint8Array, digest = sha256(bytes)) =>
		bench.settle(conversation.transfer(bytes, digest));
	return {
		ask,
		transfer,
		async commit(bytes: Uint8Array) {
			await transfer(bytes);
			return ask("commit", { digest: sha256(bytes) });
		},
		async unlock(bytes: Uint8Array) {
			await transfer(bytes);
			return ask("unlock", { digest: sha256(bytes) });
		},
		async challenge(): Promise<Uint8Array> {
			const nonce = new Uint8Array(16).fill(bench.clock.monotonicMs() & 0xff);
			return (await ask("challenge", { nonce })).nonce as Uint8Array;
		},
	};
}

/** Writes of both sides in an undisturbed run. */
async function countWrites(): Promise<number> {
	const bench = new Bench(fleet, 11);
	await bench.provision();
	fleet.records.clear();
	return bench.wire.writes;
}
