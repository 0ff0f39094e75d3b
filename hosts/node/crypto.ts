// The crypto port on node:crypto: public operations only.
import { createHash, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import type { ByteSource, Crypto } from "../../src/ports.js";
import { arrayBufferOf, copyBytes } from "./checks.js";

/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410 §4). */
const ED25519_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

export class NodeCrypto implements Crypto {
	sha256(bytes: ByteSource): ArrayBuffer {
		return arrayBufferOf(createHash("sha256").update(copyBytes(bytes)).digest());
	}

	ed25519Verify(publicKey: ByteSource, message: ByteSource, signature: ByteSource): boolean {
		const keyBytes = copyBytes(publicKey, "publicKey");
		const messageBytes = copyBytes(message, "message");
		const signatureBytes = copyBytes(signature, "signature");
		if (keyBytes.length !== PUBLIC_KEY_BYTES) return false;
		if (signatureBytes.length !== SIGNATURE_BYTES) return false;
		const key = createPublicKey({
			key: Buffer.concat([ED25519_PREFIX, keyBytes]),
			format: "der",
			type: "spki",
		});
		return verify(null, messageBytes, key, signatureBytes);
	}

	constantTimeEqual(left: ByteSource, right: ByteSource): boolean {
		const leftBytes = copyBytes(left, "left");
		const rightBytes = copyBytes(right, "right");
		return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes);
	}
}
