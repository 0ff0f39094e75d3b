import { signCheckpoint } from "../../../src/security-log/checkpoint.js";
import { encodeEntry } from "../../../src/security-log/entry.js";
import { LogImage, LogLife, readCheckpoint, readEntry } from "../../support/log-bench.js";
import {
	madeLog,
	NOTHING,
	partitionOf,
	partsOf,
	report,
	statuses,
	uploadsOf,
	type LogParts,
} from "../../support/log-parts.js";
import { toyDigest } from "../../support/toy-digest.js";
import { toyKey } from "../../support/toy-signature.js";

/** A bit of every fifth byte, another one each time. The Node test changes more of them. */
function bitsOf(bytes: Uint8Array): number[] {
	const count = Math.ceil(bytes.length / 5);
	return Array.from({ length: count }, (_, index) => index * 40 + (index % 8));
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
	const changed = bytes.slice();
	changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
	return changed;
}

describe("LogVerifier", () => {
	it("finds a log genuine from its partition, from its uploads and from both", () => {
		const parts = madeLog(20);
		for (const given of [parts, partitionOf(parts), uploadsOf(parts)]) {
			const judged = report(given);
			expect(judged.isSound).toBe(true);
			expect(judged.missing).toEqual([]);
			expect(judged.signedThrough).toBe(20);
			expect(judged.entries.map(({ status }) => status)).toEqual(Array(20).fill("genuine"));
		}
	});

	it("says of the newest entries that nothing vouches for them yet", () => {
		const image = new LogImage();
		const life = new LogLife(image);
		life.fill(3);
		life.work();
		life.fill(2);
		const parts = partsOf(image);
		expect(statuses(parts)).toEqual([
			"1 genuine",
			"2 genuine",
			"3 genuine",
			"4 unsigned",
			"5 unsigned",
		]);
		expect(report(parts).isSound).toBe(true);
	});

	it("notices a changed bit in any part of an entry", () => {
		const parts = madeLog(3);
		for (const [index, { counter, bytes }] of parts.entries.entries()) {
			for (const bit of bitsOf(bytes)) {
				const entries = parts.entries.slice();
				entries[index] = { counter, bytes: flipped(bytes, bit) };
				const judged = report(partitionOf({ ...parts, entries }));
				expect([counter, bit, judged.isSound]).toEqual([counter, bit, false]);
				expect(judged.entries.filter(({ status }) => status === "genuine").length).toBeLessThan(3);
			}
		}
	});

	it("notices a changed bit in any part of a checkpoint, and one by another key", () => {
		const parts = madeLog(2);
		const [checkpoint] = parts.checkpoints as [Uint8Array];
		for (const bit of bitsOf(checkpoint)) {
			const judged = report(partitionOf({ ...parts, checkpoints: [flipped(checkpoint, bit)] }));
			expect([bit, judged.isSound, judged.checkpointsRefused]).toEqual([bit, false, 1]);
			expect(judged.entries.map(({ status }) => status)).toEqual(["unsigned", "unsigned"]);
		}
		const forged = signCheckpoint(readCheckpoint(checkpoint), toyKey(8));
		expect(report(partitionOf({ ...parts, checkpoints: [forged] })).isSound).toBe(false);
	});

	it("blames the entry that was changed and no other", () => {
		const parts = madeLog(6);
		const entries = parts.entries.map(({ counter, bytes }) => {
			if (counter !== 3) return { counter, bytes };
			return { counter, bytes: encodeEntry({ ...readEntry(bytes), name: "device-booted" }) };
		});
		const judged = report({ ...parts, entries });
		const blamed = judged.entries.filter(({ status }) => status !== "genuine");
		expect(blamed.map(({ counter, status, why }) => `${counter} ${status}: ${why}`)).toEqual([
			"3 altered: its device signed another one",
		]);
		expect(judged.isSound).toBe(false);
	});

	it("tells entries that changed places", () => {
		const parts = madeLog(4);
		const [first, second, third, fourth] = parts.entries as LogParts["entries"];
		const entries = [
			first,
			{ counter: 2, bytes: third?.bytes },
			{ counter: 3, bytes: second?.bytes },
			fourth,
		] as LogParts["entries"];
		expect(statuses(partitionOf({ ...parts, entries }))).toEqual([
			"1 genuine",
			"2 reordered",
			"3 reordered",
			"4 genuine",
		]);
	});

	it("misses what was taken out, first, last or in the middle", () => {
		const parts = madeLog(6);
		const without = (...counters: number[]) => {
			const entries = parts.entries.filter(({ counter }) => !counters.includes(counter));
			return report(partitionOf({ ...parts, entries }));
		};
		for (const counter of [1, 3, 6]) {
			const { missing, isSound } = without(counter);
			expect(missing).toEqual([{ first: counter, last: counter, cause: "unexplained" }]);
			expect(isSound).toBe(false);
		}
		expect(without(1, 2, 4, 5).missing).toEqual([
			{ first: 1, last: 2, cause: "unexplained" },
			{ first: 4, last: 5, cause: "unexplained" },
		]);
	});

	it("says what was removed from the partition after it was uploaded", () => {
		const parts = madeLog(6);
		const entries = parts.entries.filter(({ counter }) => counter !== 2);
		const judged = report({ ...parts, entries });
		expect(judged.missing).toEqual([{ first: 2, last: 2, cause: "removed" }]);
		expect(judged.entries).toHaveLength(6);
		expect(judged.isSound).toBe(false);
	});

	it("takes what the ring overwrote for that, as its device signed it", () => {
		const image = new LogImage(4);
		const life = new LogLife(image);
		life.fillOneByOne(60);
		const judged = report(partsOf(image));
		expect(judged.isSound).toBe(true);
		expect(judged.entries[0]?.counter).toBeGreaterThan(20);
		expect(judged.missing).toEqual([]);
	});

	it("misses uploads that were dropped on the way", () => {
		const { batches } = madeLog(20);
		expect(batches.length).toBeGreaterThan(2);
		const rest = batches.filter((_, index) => index !== 1);
		const judged = report({ ...NOTHING, batches: rest });
		expect(judged.missing.map(({ cause }) => cause)).toEqual(["unexplained"]);
		expect(judged.isSound).toBe(false);
	});

	it("minds no order and no repetition of uploads", () => {
		const { batches } = madeLog(20);
		const judged = report({ ...NOTHING, batches: [...batches].reverse().concat(batches) });
		expect(judged.isSound).toBe(true);
		expect(judged.entries).toHaveLength(20);
	});

	it("notices a partition that ends before what was uploaded", () => {
		const image = new LogImage();
		const before = madeLog(3, image);
		const older = partsOf(image);
		const life = new LogLife(image);
		life.fill(4);
		life.work();
		const batches = [...before.batches, ...life.upload()];
		expect(report({ ...older, batches }).behind).toEqual({ partition: 3, upload: 7 });
		expect(report({ ...older, batches }).isSound).toBe(false);
		expect(report({ ...partsOf(image), batches }).isSound).toBe(true);
	});

	it("notices a device whose whole storage was put back and went on from there", () => {
		const image = new LogImage();
		const before = madeLog(3, image);
		const older = image.copy();
		const one = new LogLife(image);
		one.fill(2);
		one.work();
		const other = new LogLife(older);
		other.record("credential-reverted", "provisioning-unlocked");
		other.work();
		const batches = [...before.batches, ...one.upload(), ...other.upload()];
		const judged = report({ ...NOTHING, batches });
		expect(judged.isSound).toBe(false);
		expect(judged.entries.filter(({ status }) => status === "conflicting")).toHaveLength(4);
	});

	it("does not believe an entry behind the last checkpoint that does not follow", () => {
		const parts = madeLog(3);
		const forge = (previous: Uint8Array) => {
			const entry = { counter: 4, previous, name: "device-booted", details: {}, uptimeS: 1 };
			const entries = [...parts.entries, { counter: 4, bytes: encodeEntry(entry) }];
			return report(partitionOf({ ...parts, entries })).entries.at(-1);
		};
		expect(forge(new Uint8Array(32))?.status).toBe("altered");
		expect(forge(new Uint8Array(32))?.why).toBe("does not follow from #3");
		const last = parts.entries.at(-1)?.bytes as Uint8Array;
		expect(forge(new Uint8Array(toyDigest(last)))?.status).toBe("unsigned");
	});

	it("has nothing to say of nothing, and does not call it sound", () => {
		expect(report(NOTHING)).toEqual({
			entries: [],
			missing: [],
			checkpoints: 0,
			checkpointsRefused: 0,
			isSound: false,
		});
	});
});
