import { Secret } from "../../../src/bytes/secret.js";
import { toHex } from "../../../src/bytes/hex.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { signUnlock } from "../../../src/provisioning/statement.js";
import { keyIdOf } from "../../../tools/pki/device-record.js";
import { Bench, BenchFleet, HARDWARE_ID } from "../../support/provisioning-bench.js";

import { asking, expectFinished, failure, operatorOf } from "../../support/provisioning-steps.js";
const NOTHING = new Uint8Array(0);
const NEW_BROKER = { settings: { servers: [{ host: "new.test", port: 8883 }] } };

let fleet: BenchFleet;
beforeAll(async () => {
	fleet = await BenchFleet.create();
});
beforeEach(() => fleet.records.clear());

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

	it("takes a new configuration on trial after an unlock, with another TLS key", async () => {
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

	it("refuses an unlock of another key or device, replayed or changed", async () => {
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
		expect(bench.device.events.at(-1)).toEqual({
			name: "provisioning-unlocked",
			operator: toHex(operator.keyId),
		});
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
