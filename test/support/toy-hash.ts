// A hash of 32 bytes for tests that need one and must run on XS, where SHA-256 in script is slow:
// checksums of checksums. Anyone can find collisions.

import { concatBytes } from "../../src/bytes/arrays.js";
import { crc32 } from "../../src/bytes/crc32.js";
import type { ByteSource } from "../../src/ports.js";

export function toyHash(source: ByteSource): ArrayBuffer {
	const bytes = new Uint8Array(source);
	const digest = new DataView(new ArrayBuffer(32));
	let checksum = crc32(bytes);
	let turned = crc32(concatBytes(Uint8Array.of(bytes.length & 0xff), bytes), 0x5a17);
	for (let at = 0; at < 32; at += 4) {
		checksum = Math.imul(checksum ^ turned, 0x9e3779b1) >>> 0;
		turned = (turned ^ (checksum >>> 13) ^ (checksum << 7)) >>> 0;
		digest.setUint32(at, checksum);
	}
	return digest.buffer;
}
