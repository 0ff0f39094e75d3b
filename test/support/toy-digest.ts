// A digest of 32 bytes that anyone can forge, for tests that also run on the XS engine, where there
// is no SHA-256 without the native module. Any single changed bit changes it.

import { crc32 } from "../../src/bytes/crc32.js";

export function toyDigest(bytes: ArrayBuffer | Uint8Array): ArrayBuffer {
	const content = new Uint8Array(bytes);
	const digest = new ArrayBuffer(32);
	const view = new DataView(digest);
	let checksum = 1;
	for (let offset = 0; offset < 32; offset += 4) {
		checksum = crc32(content, checksum);
		view.setUint32(offset, checksum);
	}
	return digest;
}
