// A partition as a file: what was read from a board's flash, as the device's own code reads it.
// Nothing is ever written to it.
import type { FlashPartition } from "../../../src/ports.js";

const BLOCK_BYTES = 4096;
const UNIT_BYTES = 32;
/** Blocks of the smallest ring. */
const BLOCKS_MIN = 4;
/** What a block header begins with, and what stands in it at MAGIC_AT: outbox/FORMAT.md. */
const BLOCK_KIND = 0x48;
const MAGIC = [0x48, 0x46, 0x4f, 0x42]; // HFOB
const MAGIC_AT = 20;

/** Whether a block of the ring begins anywhere in `bytes`, whole or not. */
export function hasBlockHeader(bytes: Uint8Array): boolean {
	for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
		const magic = MAGIC.every((byte, index) => bytes[start + MAGIC_AT + index] === byte);
		if (bytes[start] === BLOCK_KIND && magic) return true;
	}
	return false;
}

/** Why no partition has so many bytes, or `undefined` where one may. */
export function problemOfSize(byteLength: number): string | undefined {
	if (byteLength % BLOCK_BYTES !== 0) {
		return `${byteLength} bytes are no whole blocks of ${BLOCK_BYTES}`;
	}
	const least = BLOCKS_MIN * BLOCK_BYTES;
	return byteLength < least ? `${byteLength} bytes, and the smallest has ${least}` : undefined;
}

export function partitionImage(bytes: Uint8Array): FlashPartition {
	const refuse = (): never => {
		throw new Error("an image is not written to");
	};
	return {
		read: (byteLength, byteOffset) => {
			return new Uint8Array(bytes.subarray(byteOffset, byteOffset + byteLength)).slice().buffer;
		},
		write: refuse,
		eraseBlock: refuse,
		status: () => ({
			size: bytes.length,
			blockLength: BLOCK_BYTES,
			blocks: bytes.length / BLOCK_BYTES,
			writeAlign: UNIT_BYTES,
			eraseValue: 0xff,
		}),
		close: () => undefined,
	};
}
