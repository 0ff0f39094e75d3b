// Proof that the power-loss loop can fail: the same board with one planted bug at a time must be
// caught.

import type { NORFlash } from "../../hosts/simulator/flash.js";
import { uint64Bytes, uint64From } from "../../src/bytes/arrays.js";
import type { ByteSource, FlashPartition } from "../../src/ports.js";
import type { OutboxParts } from "./outbox-board.js";
import { OutboxBoard, SOUND_PARTS } from "./outbox-board.js";
import { powerLossLoop } from "./power-loss.js";

/** Says that a write is done when it is only remembered; does it before the next one. */
function lazyFlash(chip: NORFlash): FlashPartition {
	const flash = chip.open();
	let late: { bytes: Uint8Array; offset: number } | undefined;
	const finish = (): void => {
		if (late) flash.write(late.bytes, late.offset);
		late = undefined;
	};
	return {
		read(byteLength, byteOffset) {
			const bytes = new Uint8Array(flash.read(byteLength, byteOffset));
			for (let index = 0; late && index < late.bytes.length; index++) {
				const at = late.offset + index - byteOffset;
				if (at >= 0 && at < byteLength) bytes[at] = late.bytes[index] as number;
			}
			return bytes.buffer;
		},
		write(bytes: ByteSource, byteOffset: number) {
			finish();
			late = { bytes: new Uint8Array(bytes).slice(), offset: byteOffset };
		},
		eraseBlock(start, end) {
			finish();
			flash.eraseBlock(start, end);
		},
		status: () => flash.status(),
		close: () => flash.close(),
	};
}

/** Believes that a block which reads as erased need not be erased. */
function trustingFlash(chip: NORFlash): FlashPartition {
	const flash = chip.open();
	const { blockLength, eraseValue } = flash.status();
	return {
		read: (byteLength, byteOffset) => flash.read(byteLength, byteOffset),
		write: (bytes, byteOffset) => flash.write(bytes, byteOffset),
		eraseBlock(start) {
			const bytes = new Uint8Array(flash.read(blockLength, start * blockLength));
			if (bytes.some((byte) => byte !== eraseValue)) flash.eraseBlock(start);
		},
		status: () => flash.status(),
		close: () => flash.close(),
	};
}

/** The bug is found by the loop, and again by the one run that its message names. */
function expectCaught(bug: Partial<OutboxParts>, message: RegExp): void {
	const parts = { ...SOUND_PARTS, ...bug };
	const caught = caughtIn(parts, {});
	expect(caught).toMatch(message);
	const [, seed, cuts] = /HOLDFAST_SEED=(\d+) HOLDFAST_CUTS=(\S+) npm run/.exec(caught) ?? [];
	expect(seed).toBe("1");
	const [finding] = caught.split("\n");
	expect(caughtIn(parts, { HOLDFAST_SEED: seed, HOLDFAST_CUTS: cuts })).toBe(finding);
}

/** What HOLDFAST_SEED and HOLDFAST_CUTS say to a whole run of tests is not for planted bugs. */
function caughtIn(parts: OutboxParts, environment: Record<string, string | undefined>): string {
	try {
		powerLossLoop(
			{
				board: (seed) =>
					new OutboxBoard({ seed, blocks: 4, steps: 20, recordBytesMax: 700, parts }),
				seed: 1,
				lives: [0, 2, 4],
				sampledRuns: 200,
				file: "power-loss-planted",
			},
			environment,
		);
	} catch (error) {
		return (error as Error).message;
	}
	return "nothing";
}

describe("the power-loss loop", () => {
	it("catches flash that acknowledges before it writes", () => {
		expectCaught({ flash: lazyFlash }, /is lost|not forgotten|is removed|is buried/);
	});

	it("catches trust in a block that only looks erased", () => {
		expectCaught({ flash: trustingFlash }, /programmed twice/);
	});

	it("catches a drop that is made before its gap record is stored", () => {
		expectCaught(
			{
				makeRoom(outbox, gap, victims) {
					for (const victim of victims) outbox.remove(victim);
					outbox.flush();
					return outbox.store(gap);
				},
			},
			/is lost|victims of/, // lost, or missing where the next drop looks for it
		);
	});

	it("catches removals that are never written", () => {
		expectCaught({ flush: () => undefined }, /is buried/);
	});

	it("catches a sequence number that is used before it is reserved", () => {
		expectCaught(
			{
				reservation(storage) {
					const store = storage.open({ path: "hf-seq", format: "buffer" });
					const stored = store.read("next");
					let next = stored ? (uint64From(new Uint8Array(stored)) as number) : 1;
					let count = 0;
					return {
						next() {
							const sequence = next++;
							if (++count % 4 === 0) store.write("next", uint64Bytes(next));
							return sequence;
						},
					};
				},
			},
			/sequence \d+ after/,
		);
	});
});
