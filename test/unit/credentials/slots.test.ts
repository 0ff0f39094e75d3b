import { CredentialSlots, type Chosen } from "../../../src/credentials/slots.js";
import { CANDIDATE_FAILURES_MAX, CANDIDATE_STARTS_MAX } from "../../../src/limits.js";
import { VirtualKeyValue } from "../../../hosts/simulator/key-value.js";
import { PowerCut, PowerSupply, type CutManner } from "../../../hosts/simulator/power.js";
import { sampleBytes } from "../../support/sample-configuration.js";

const PATH = "hf-cred";
const OLD = sampleBytes({ keyName: "tls-0", sampleIntervalMs: 1000 });
const NEW = sampleBytes({ keyName: "tls-1", sampleIntervalMs: 2000 });
const NEWER = sampleBytes({ keyName: "tls-0", sampleIntervalMs: 3000 });

/** Samples are told apart by their interval. */
function intervalOf(contents: { configuration: { sampleIntervalMs: number } } | undefined) {
	return contents?.configuration.sampleIntervalMs;
}

function chosen(slots: CredentialSlots): Chosen {
	const found = slots.begin();
	if (found === undefined) throw new Error("nothing to connect with");
	return found;
}

function names(slots: CredentialSlots): string[] {
	return slots.takeFindings().map(({ name }) => name);
}

/** A device with OLD in use and NEW on trial. */
function onTrial(storage = new VirtualKeyValue()): {
	storage: VirtualKeyValue;
	slots: CredentialSlots;
} {
	const slots = new CredentialSlots(storage);
	slots.stage(OLD);
	slots.stage(NEW);
	return { storage, slots };
}

describe("CredentialSlots", () => {
	it("has nothing on a new device", () => {
		const slots = new CredentialSlots(new VirtualKeyValue());
		expect(slots.active()).toBeUndefined();
		expect(slots.candidate()).toBeUndefined();
		expect(slots.begin()).toBeUndefined();
		expect(slots.deviceId).toBeUndefined();
		expect(slots.freeKeyName).toBe("tls-0");
	});

	it("takes the first configuration into use at once", () => {
		const storage = new VirtualKeyValue();
		expect(new CredentialSlots(storage).stage(OLD)).toEqual({ kind: "active", slot: 0 });
		const slots = new CredentialSlots(storage);
		expect(intervalOf(slots.active())).toBe(1000);
		expect(slots.deviceId).toBe("sensor-1");
		expect(chosen(slots).isCandidate).toBe(false);
		expect(slots.freeKeyName).toBe("tls-1");
	});

	it("puts the next one on trial, and keeps the old one until it is proved", () => {
		const { storage, slots } = onTrial();
		const candidate = chosen(slots);
		expect(candidate.isCandidate).toBe(true);
		expect(intervalOf(candidate)).toBe(2000);
		expect(intervalOf(slots.active())).toBe(1000);
		expect(slots.promote(candidate)).toBe(true);
		const after = new CredentialSlots(storage);
		expect(intervalOf(after.active())).toBe(2000);
		expect(after.candidate()).toBeUndefined();
		expect(after.freeKeyName).toBe("tls-0");
	});

	it("repeats nothing when the same configuration is staged again", () => {
		const { storage, slots } = onTrial();
		const writes = storage.writes;
		expect(slots.stage(NEW)).toEqual({ kind: "candidate", slot: 1 });
		expect(storage.writes).toBe(writes);
	});

	it("returns to the old one after so many starts without proof", () => {
		const { storage } = onTrial();
		for (let start = 0; start < CANDIDATE_STARTS_MAX; start++) {
			expect(chosen(new CredentialSlots(storage)).isCandidate).toBe(true);
		}
		const slots = new CredentialSlots(storage);
		expect(intervalOf(chosen(slots))).toBe(1000);
		expect(names(slots)).toEqual(["credential-reverted"]);
		expect(chosen(new CredentialSlots(storage)).isCandidate).toBe(false);
	});

	it("returns to the old one after so many refusals in one start", () => {
		const { slots } = onTrial();
		expect(chosen(slots).isCandidate).toBe(true);
		for (let failure = 1; failure < CANDIDATE_FAILURES_MAX; failure++) {
			expect(slots.failed()).toBe("kept");
		}
		expect(slots.failed()).toBe("reverted");
		expect(intervalOf(chosen(slots))).toBe(1000);
		expect(slots.failed()).toBe("kept");
	});

	it("does not promote a candidate that was replaced meanwhile", () => {
		const { slots } = onTrial();
		const proved = chosen(slots);
		slots.stage(NEWER);
		expect(slots.promote(proved)).toBe(false);
		expect(intervalOf(slots.active())).toBe(1000);
		expect(intervalOf(slots.candidate())).toBe(3000);
	});

	it("keeps the device's name for ever", () => {
		const { storage, slots } = onTrial();
		const other = slots.stage(sampleBytes({ deviceId: "sensor-2" }));
		expect(other).toEqual({
			kind: "invalid",
			path: "deviceId",
			expected: "sensor-1: it is permanent",
		});
		slots.erase();
		const reset = new CredentialSlots(storage);
		expect(reset.deviceId).toBeUndefined();
		expect(reset.stage(sampleBytes({ deviceId: "sensor-2" })).kind).toBe("active");
	});

	it("refuses what its judge or the format refuses, and changes nothing", () => {
		const storage = new VirtualKeyValue();
		const slots = new CredentialSlots(storage);
		const problem = { path: "policy[0]", expected: "a map" };
		expect(slots.stage(OLD, () => problem)).toEqual({ kind: "invalid", ...problem });
		expect(slots.stage(OLD.subarray(1)).kind).toBe("invalid");
		expect(storage.writes).toBe(0);
	});

	it("says so when there is no room, and keeps what there was", () => {
		const storage = new VirtualKeyValue({ capacityBytes: OLD.length + 400 });
		const slots = new CredentialSlots(storage);
		expect(slots.stage(OLD).kind).toBe("active");
		expect(slots.stage(NEW)).toEqual({ kind: "failed", code: "storage-full" });
		expect(intervalOf(new CredentialSlots(storage).active())).toBe(1000);
	});

	it("gives up the candidate before its key is made anew", () => {
		const { storage, slots } = onTrial();
		slots.release();
		expect(slots.candidate()).toBeUndefined();
		expect(storage.peek(PATH, "slot-1")).toBeUndefined();
		expect(intervalOf(new CredentialSlots(storage).active())).toBe(1000);
	});
});

describe("CredentialSlots with damaged storage", () => {
	/** `key` with one bit changed. */
	function damage(storage: VirtualKeyValue, key: string, index = 40): void {
		const bytes = storage.peek(PATH, key) as Uint8Array;
		bytes[index % bytes.length] = (bytes[index % bytes.length] as number) ^ 0x10;
		storage.plant(PATH, key, bytes);
	}

	it("uses the other slot when the active one is corrupt, and says so", () => {
		const { storage, slots } = onTrial();
		slots.promote(chosen(slots));
		damage(storage, "slot-1");
		const after = new CredentialSlots(storage);
		expect(intervalOf(after.active())).toBe(1000);
		expect(names(after)).toContain("credential-slot-corrupt");
		// It stays so.
		const again = new CredentialSlots(storage);
		expect(intervalOf(again.active())).toBe(1000);
		expect(names(again)).toEqual([]);
	});

	it("uses the candidate when the active slot is corrupt", () => {
		const { storage } = onTrial();
		damage(storage, "slot-0");
		expect(intervalOf(new CredentialSlots(storage).active())).toBe(2000);
	});

	it("stays with the active one when the candidate is corrupt or half written", () => {
		for (const spoil of ["damage", "cut", "gone"]) {
			const { storage } = onTrial();
			const whole = storage.peek(PATH, "slot-1") as Uint8Array;
			if (spoil === "damage") damage(storage, "slot-1", whole.length - 1);
			else storage.plant(PATH, "slot-1", spoil === "cut" ? whole.subarray(0, 300) : undefined);
			const slots = new CredentialSlots(storage);
			expect(slots.candidate()).toBeUndefined();
			expect(intervalOf(chosen(slots))).toBe(1000);
			expect(names(slots)).toContain("credential-slot-corrupt");
		}
	});

	it("has nothing, but its name, when both slots are corrupt", () => {
		const { storage } = onTrial();
		damage(storage, "slot-0");
		damage(storage, "slot-1");
		const slots = new CredentialSlots(storage);
		expect(slots.begin()).toBeUndefined();
		expect(slots.deviceId).toBe("sensor-1");
		expect(slots.stage(sampleBytes({ deviceId: "sensor-2" })).kind).toBe("invalid");
		expect(slots.stage(OLD).kind).toBe("active");
	});

	it("rebuilds a record that is corrupt or lost: the newer configuration is on trial", () => {
		for (const spoil of ["damage", "gone"]) {
			const { storage, slots } = onTrial();
			slots.promote(chosen(slots));
			if (spoil === "damage") damage(storage, "active");
			else storage.plant(PATH, "active", undefined);
			const after = new CredentialSlots(storage);
			expect(names(after)).toContain("credential-record-corrupt");
			expect(intervalOf(after.active())).toBe(1000);
			expect(intervalOf(after.candidate())).toBe(2000);
		}
	});

	it("ignores slots that were never committed", () => {
		const { storage } = onTrial();
		storage.plant(PATH, "active", undefined);
		storage.plant(PATH, "device", undefined);
		const slots = new CredentialSlots(storage);
		expect(slots.begin()).toBeUndefined();
		expect(storage.contents()).toHaveLength(0);
	});

	it("survives any one changed bit in any entry", () => {
		const { storage } = onTrial();
		for (const [name, value] of storage.contents()) {
			const key = name.slice(PATH.length + 1);
			const step = value.length > 64 ? 37 : 1;
			for (let bit = 0; bit < value.length * 8; bit += step) {
				const changed = value.slice();
				changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
				const copy = new VirtualKeyValue();
				for (const [path, bytes] of storage.contents()) copy.plant(PATH, path.slice(8), bytes);
				copy.plant(PATH, key, changed);
				const slots = new CredentialSlots(copy);
				expect([1000, 2000]).toContain(intervalOf(chosen(slots)));
				expect(slots.deviceId).toBe("sensor-1");
			}
		}
	});
});

describe("CredentialSlots under power cuts", () => {
	/**
	 * A life: first configuration, next one on trial, promoted, another one, reverted, promoted.
	 */
	function live(storage: VirtualKeyValue): void {
		const slots = new CredentialSlots(storage);
		slots.stage(OLD);
		slots.stage(NEW);
		const first = chosen(slots);
		if (first.isCandidate) slots.promote(first);
		slots.release();
		slots.stage(NEWER);
		slots.begin();
		slots.revert();
		slots.stage(OLD);
		slots.stage(NEWER); // in place of a candidate
		const second = chosen(slots);
		if (second.isCandidate) slots.promote(second);
	}

	const manners: CutManner[] = ["before", "torn", "after"];
	for (const manner of manners) {
		it(`leaves the state before or after, at every write, cut ${manner} it`, () => {
			let cuts = 0;
			for (let operation = 1; ; operation++) {
				const power = new PowerSupply();
				const storage = new VirtualKeyValue({ power });
				power.planCut({ operation, manner, seed: operation });
				try {
					live(storage);
					break; // the life is shorter than this
				} catch (error) {
					if (!(error instanceof PowerCut)) throw error;
					cuts++;
				}
				power.restore();
				const slots = new CredentialSlots(storage);
				const active = intervalOf(slots.active());
				if (slots.deviceId === undefined) expect(active).toBeUndefined();
				else expect([1000, 2000, 3000]).toContain(active);
				// No power cut is ever taken for damage, and whatever the state, life goes on.
				expect(names(slots)).toEqual([]);
				live(storage);
				expect(intervalOf(new CredentialSlots(storage).active())).toBe(3000);
			}
			expect(cuts).toBeGreaterThan(10);
		});
	}

	it("counts a start before it grants it, so a candidate that kills the device runs out", () => {
		const power = new PowerSupply();
		const { storage } = onTrial(new VirtualKeyValue({ power }));
		let starts = 0;
		for (;;) {
			power.restore();
			power.planCut({ operation: 1, manner: "after", seed: 1 });
			try {
				if (!chosen(new CredentialSlots(storage)).isCandidate) break;
			} catch (error) {
				if (!(error instanceof PowerCut)) throw error;
			}
			if (++starts > 20) break;
		}
		expect(starts).toBe(CANDIDATE_STARTS_MAX + 1); // the last of them is cut while it reverts
	});
});
