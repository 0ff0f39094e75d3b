// A partition as a file: what was read from a board's flash, as the device's own code reads it.
// Nothing is ever written to it.
import type { FlashPartition } from "../../../src/ports.js";

const BLOCK_BYTES = 4096;
const UNIT_BYTES = 32;
/** Blocks of the smallest ring. */
const BLOCKS_MIN = 4;
const TEXT_START = 0x7b; // {

/** Whether a file is an image, by its size; messages are lines of JSON. */
export function isPartitionImage(bytes: Uint8Array): boolean {
	const isWhole = bytes.length % BLOCK_BYTES === 0 && bytes.length >= BLOCKS_MIN * BLOCK_BYTES;
	return isWhole && bytes[0] !== TEXT_START;
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
