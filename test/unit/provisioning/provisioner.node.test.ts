import { createHash } from "node:crypto";
import { concatBytes } from "../../../src/bytes/arrays.js";
import { toHex } from "../../../src/bytes/hex.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import type { CutManner } from "../../../hosts/simulator/power.js";
import { Random } from "../../../hosts/simulator/random.js";
import { Bench, BenchFleet } from "../../support/provisioning-bench.js";
import { expectFinished } from "../../support/provisioning-steps.js";
import { chosenSeed } from "../../support/seed.js";
import type { Provisioned } from "../../../tools/provision/station.js";

const NOTHING = new Uint8Array(0);
const BOOT_NOISE = encodeUTF8(
	"ESP-ROM:esp32c3-api1-20210207\r\nrst:0x1 (POWERON),boot:0xc\r\n" +
		"load:0x3fcd5820,len:0x15d8\r\n\u0000\u0001",
);
let fleet: BenchFleet;
beforeAll(async () => {
	fleet = await BenchFleet.create();
});
beforeEach(() => fleet.records.clear());

describe("Provisioner and Station", () => {
	it("take a new device to a proved, recorded and locked one", async () => {
		const bench = new Bench(fleet, 1);
		const provisioned = await bench.provision();
		expect(provisioned.outcome).toBe("provisioned");
		expectFinished(bench, provisioned);
		expect(bench.device.committed).toBe(1);
		expect(bench.device.slots.candidate()).toBeUndefined();
		const { keyStore, events } = bench.device;
		const idOf = (key: string) => {
			const publicKey = Buffer.from(keyStore.publicKey(key) as ArrayBuffer);
			return createHash("sha256").update(publicKey).digest("hex").slice(0, 16);
		};
		expect(events).toEqual([
			{ name: "provisioning-keys-made", key: "signing", keyId: idOf("signing") },
			{ name: "provisioning-keys-made", key: "tls-0", keyId: idOf("tls-0") },
			{ name: "provisioning-committed", role: "active" },
			{ name: "provisioning-locked" },
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

	// How many frames a run has differs from run to run: a DER signature is 70 to 72 bytes long. Each
	// loop therefore ends where a run no longer reaches its fault.
	it("finish after being unplugged in any frame of either direction", async () => {
		for (let last = 0; ; last++) {
			const bench = new Bench(fleet, 8);
			fleet.records.clear();
			let reached = false;
			// Half of this frame passes, and nothing after it.
			bench.wire.fault = (_direction, sent, index) => {
				if (index < last) return sent;
				reached = true;
				return index === last ? sent.subarray(0, sent.length >> 1) : NOTHING;
			};
			const first = await outcome(bench.provision({ attempts: 3 }));
			if (!reached) {
				expectFinished(bench, first as Provisioned);
				expect(last).toBeGreaterThan(20);
				break;
			}
			expect(first).toMatchObject({ code: "no-answer" });
			bench.wire.fault = (_direction, sent) => sent;
			expectFinished(bench, await bench.provision());
			expect(bench.device.slots.candidate()).toBeUndefined();
		}
	});

	it("finish after the device restarts at any frame, in the same run", async () => {
		for (let at = 0; ; at++) {
			const bench = new Bench(fleet, 9);
			fleet.records.clear();
			bench.device.noise = BOOT_NOISE;
			let reached = false;
			bench.wire.fault = (_direction, sent, index) => {
				if (index === at) {
					reached = true;
					bench.clock.schedule(() => bench.device.restart(), 1);
				}
				return sent;
			};
			expectFinished(bench, await bench.provision());
			if (!reached) {
				expect(at).toBeGreaterThan(20);
				break;
			}
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

/** What a run ended with: its result, or the error that it failed with. */
function outcome(run: Promise<Provisioned>): Promise<unknown> {
	return run.catch((error: unknown) => error);
}
