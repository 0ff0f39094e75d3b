import type { LogVerifierOptions } from "../../../hosts/support/verify/log-verifier.js";
import type { LogBatch } from "../../../src/security-log/batch.js";
import { signCheckpoint } from "../../../src/security-log/checkpoint.js";
import { encodeEntry } from "../../../src/security-log/entry.js";
import { LOG_KEY, LogImage, LogLife, readCheckpoint } from "../../support/log-bench.js";
import {
	madeLog,
	NOTHING,
	partitionOf,
	partsOf,
	report,
	uploadsOf,
	type LogParts,
} from "../../support/log-parts.js";
import { toyDigest } from "../../support/toy-digest.js";
import { toyCrypto, toyKey } from "../../support/toy-signature.js";

/** An entry that no device wrote. */
function forged(counter: number, previous = new Uint8Array(32)): Uint8Array {
	return encodeEntry({ counter, previous, name: "device-booted", details: {}, uptimeS: 1 });
}

function withForged(parts: LogParts, ...counters: number[]): LogParts {
	const more = counters.map((counter) => ({ counter, bytes: forged(counter) }));
	return { ...parts, entries: [...parts.entries, ...more] };
}

describe("LogVerifier with an erased partition", () => {
	it("says that it ends before what was uploaded", () => {
		const judged = report({ ...uploadsOf(madeLog(5)), isErased: true });
		expect(judged.behind).toEqual({ partition: 0, upload: 5 });
		expect(judged.isSound).toBe(false);
	});

	it("does not call it sound by itself", () => {
		expect(report({ ...NOTHING, isErased: true }).isSound).toBe(false);
	});

	it("says nothing of a partition where none was given", () => {
		const judged = report(uploadsOf(madeLog(5)));
		expect(judged.behind).toBe(undefined);
		expect(judged.isSound).toBe(true);
	});

	it("is not deceived by entries that nobody signed", () => {
		const { batches } = madeLog(5);
		const last = batches.at(-1)?.entries.at(-1) as Uint8Array;
		const follows = forged(6, new Uint8Array(toyDigest(last)));
		for (const bytes of [forged(900), follows]) {
			const counter = bytes === follows ? 6 : 900;
			const judged = report({ ...NOTHING, entries: [{ counter, bytes }], batches });
			expect(judged.behind).toEqual({ partition: 0, upload: 5 });
			expect(judged.isSound).toBe(false);
		}
	});
});

describe("LogVerifier with a record that names a distant counter", () => {
	it("answers at once, and says that nothing signed asks for what is between", () => {
		const parts = partitionOf(madeLog(5));
		for (const distant of [2 ** 30, Number.MAX_SAFE_INTEGER]) {
			const judged = report(withForged(parts, distant));
			expect(judged.missing).toEqual([{ first: 6, last: distant - 1, cause: "unproven" }]);
			expect(judged.isSound).toBe(false);
		}
	});

	it("answers at once where its device signed the distance", () => {
		const counter = Number.MAX_SAFE_INTEGER;
		const bytes = forged(counter);
		const hash = new Uint8Array(toyDigest(bytes));
		const checkpoint = signCheckpoint({ counter, hash, oldest: 1 }, LOG_KEY);
		const judged = report({
			...NOTHING,
			entries: [{ counter, bytes }],
			checkpoints: [checkpoint],
		});
		expect(judged.missing).toEqual([{ first: 1, last: counter - 1, cause: "unexplained" }]);
	});

	it("still says what was removed below it", () => {
		const parts = madeLog(6);
		const entries = parts.entries.filter(({ counter }) => counter !== 3 && counter !== 4);
		const judged = report(withForged({ ...parts, entries }, 2 ** 40));
		expect(judged.missing.map(({ first, last, cause }) => [first, last, cause])).toEqual([
			[3, 4, "removed"],
			[7, 2 ** 40 - 1, "unproven"],
		]);
	});
});

describe("LogVerifier and what the ring overwrote", () => {
	/** Uploads of entries that the ring has overwritten since, and of newer ones. */
	function overwritten(): { readonly image: LogImage; readonly parts: LogParts } {
		const image = new LogImage(4);
		const life = new LogLife(image);
		life.fill(2);
		life.work();
		const before = life.upload();
		life.fillOneByOne(60);
		return { image, parts: { ...partsOf(image), batches: [...before, ...life.upload()] } };
	}

	it("does not call uploads sound between which some never arrived", () => {
		const { parts } = overwritten();
		const judged = report(uploadsOf(parts));
		expect(judged.missing.map(({ first, cause }) => [first, cause])).toEqual([[3, "overwritten"]]);
		expect(judged.isSound).toBe(false);
	});

	it("takes the newer of two signatures over one entry for what its device still held", () => {
		const parts = madeLog(6);
		const signed = readCheckpoint(parts.checkpoints.at(-1) as Uint8Array);
		const again = signCheckpoint({ ...signed, oldest: 4 }, LOG_KEY);
		const checkpoints = [...parts.checkpoints, again];
		const entries = parts.entries.filter(({ counter }) => counter > 3);
		for (const order of [checkpoints, [...checkpoints].reverse()]) {
			const judged = report(partitionOf({ ...parts, entries, checkpoints: order }));
			expect(judged.checkpoints).toBe(checkpoints.length);
			expect(judged.missing).toEqual([]);
			expect(judged.isSound).toBe(true);
		}
	});
});

describe("LogVerifier and where a log begins", () => {
	it("says that the first uploads are not there, and minds it when asked", () => {
		const parts = madeLog(20);
		const rest = { ...NOTHING, batches: parts.batches.slice(1) };
		const first = report(rest).entries[0]?.counter as number;
		expect(first).toBeGreaterThan(1);
		expect(report(rest).before).toEqual({ through: first - 1, cause: "not-given" });
		expect(report(rest).isSound).toBe(true);
		expect(report(rest, { from: 1 }).isSound).toBe(false);
		expect(report(rest, { from: first - 1 }).isSound).toBe(false);
		expect(report(rest, { from: first }).isSound).toBe(true);
		expect(report(uploadsOf(parts), { from: 1 }).isSound).toBe(true);
		expect(report(uploadsOf(parts)).before).toBe(undefined);
	});

	it("does not take a dropped upload for overwritten, because its device holds it no more", () => {
		const life = new LogLife(new LogImage(4));
		const batches: LogBatch[] = [];
		for (let count = 0; count < 60; count++) {
			life.fill(1);
			life.work();
			batches.push(...life.upload());
		}
		const judged = report({ ...NOTHING, batches: batches.slice(2) });
		expect(judged.before).toEqual({ through: 2, cause: "not-given" });
	});

	it("says what the ring overwrote before the first entry, as its device signed it", () => {
		const image = new LogImage(4);
		const life = new LogLife(image);
		life.fillOneByOne(60);
		const parts = partsOf(image);
		const first = report(parts).entries[0]?.counter as number;
		expect(report(parts).before).toEqual({ through: first - 1, cause: "overwritten" });
		expect(report(parts).isSound).toBe(true);
		expect(report(parts, { from: 1 }).isSound).toBe(false);
	});
});

describe("LogVerifier with a revoked key", () => {
	const isRevoked = (keyId: Uint8Array) => keyId[0] === LOG_KEY.keyId[0];

	it("finds the log genuine, and says through where nothing but that key vouches for it", () => {
		const judged = report(partitionOf(madeLog(3)), { isRevoked });
		expect(judged.entries.map(({ status }) => status)).toEqual(Array(3).fill("genuine"));
		expect(judged.revoked).toEqual({ through: 3 });
		expect(judged.isSound).toBe(false);
	});

	it("minds it no more once another key of the device signs a later entry", () => {
		const image = new LogImage();
		const parts = madeLog(3, image);
		const life = new LogLife(image);
		life.hasKey = false;
		life.fill(1);
		const entries = partsOf(image).entries;
		const bytes = entries.at(-1)?.bytes as Uint8Array;
		const key = toyKey(9);
		const hash = new Uint8Array(toyDigest(bytes));
		const checkpoints = [
			...parts.checkpoints,
			signCheckpoint({ counter: 4, hash, oldest: 1 }, key),
		];
		const verify: LogVerifierOptions["verify"] = (keyId, message, signature) => {
			const isNew = keyId[0] === key.keyId[0];
			const { publicKey } = isNew ? key : LOG_KEY;
			return toyCrypto.ed25519Verify(publicKey, message, signature);
		};
		const judged = report({ ...NOTHING, entries, checkpoints }, { isRevoked, verify });
		expect(judged.revoked).toBe(undefined);
		expect(judged.isSound).toBe(true);
		expect(judged.entries.map(({ status }) => status)).toEqual(Array(4).fill("genuine"));
	});
});
