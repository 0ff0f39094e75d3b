// CRC-32 (ISO-HDLC: reflected, polynomial 0x04C11DB7), as in Ethernet and zlib.

/** Signed: XS computes with 32-bit integers as long as they are, and with doubles beyond. */
const TABLE: readonly number[] = Object.freeze(
	Array.from({ length: 256 }, (_, index) => {
		let value = index;
		for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
		return value | 0;
	}),
);

/** CRC-32 of `bytes`, continuing from `previous` (the CRC of what came before, 0 at the start). */
export function crc32(bytes: Uint8Array, previous = 0): number {
	let crc = ~previous;
	// By index: on XS an iterator costs several times as much as the sum itself.
	for (let index = 0; index < bytes.length; index++) {
		crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[index] as number)) & 0xff] as number);
	}
	return ~crc >>> 0;
}
