// Frames on the serial line: 0x00 ‖ COBS(message ‖ CRC-32) ‖ 0x00. Whatever else is on the wire
// (boot messages, garbage, halves of frames) is dropped without a word: the station asks again.

import { concatBytes } from "../bytes/arrays.js";
import { crc32 } from "../bytes/crc32.js";
import { PROVISIONING_MESSAGE_BYTES_MAX } from "../limits.js";
import { assert } from "../assert.js";
import { decodeCOBS, encodeCOBS } from "./cobs.js";

const DELIMITER = 0;
const CRC_BYTES = 4;
/** A message of the greatest length with its CRC, stuffed: one more byte, for it is below 254. */
const STUFFED_BYTES_MAX = PROVISIONING_MESSAGE_BYTES_MAX + CRC_BYTES + 1;

export function encodeFrame(message: Uint8Array): Uint8Array {
	assert(message.length <= PROVISIONING_MESSAGE_BYTES_MAX, "a message fits a frame");
	const checked = concatBytes(message, new Uint8Array(CRC_BYTES));
	new DataView(checked.buffer).setUint32(message.length, crc32(message));
	// The delimiter in front ends whatever noise came before.
	const delimiter = Uint8Array.of(DELIMITER);
	return concatBytes(delimiter, encodeCOBS(checked), delimiter);
}

/** Finds frames in a byte stream. Its buffer holds one frame of the greatest length and no more. */
export class FrameReader {
	readonly #onMessage: (message: Uint8Array) => void;
	readonly #buffer = new Uint8Array(STUFFED_BYTES_MAX);
	#length = 0;
	#isOverlong = false;

	constructor(onMessage: (message: Uint8Array) => void) {
		this.#onMessage = onMessage;
	}

	feed(bytes: Uint8Array): void {
		for (const byte of bytes) {
			if (byte === DELIMITER) this.#end();
			else if (this.#length < STUFFED_BYTES_MAX) this.#buffer[this.#length++] = byte;
			else this.#isOverlong = true;
		}
	}

	#end(): void {
		const message = this.#isOverlong ? undefined : this.#message();
		this.#length = 0;
		this.#isOverlong = false;
		if (message !== undefined) this.#onMessage(message);
	}

	#message(): Uint8Array | undefined {
		const checked = decodeCOBS(this.#buffer.subarray(0, this.#length));
		const length = (checked?.length ?? 0) - CRC_BYTES;
		if (checked === undefined || length <= 0) return undefined;
		const message = checked.slice(0, length);
		return crc32(message) === new DataView(checked.buffer).getUint32(length) ? message : undefined;
	}
}
