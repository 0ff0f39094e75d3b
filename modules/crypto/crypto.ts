// Hashes, verification and comparison in C. It holds nothing, so there is nothing to close.
import type { ByteSource, Crypto } from "../../src/ports.js";

/** The crypto port. */
export const crypto: Crypto = Object.freeze({
	sha256(bytes: ByteSource): ArrayBuffer {
		return native("xs_crypto_sha256").call(this, bytes);
	},
	ed25519Verify(publicKey: ByteSource, message: ByteSource, signature: ByteSource): boolean {
		return native("xs_crypto_ed25519_verify").call(this, publicKey, message, signature);
	},
	constantTimeEqual(left: ByteSource, right: ByteSource): boolean {
		return native("xs_crypto_constant_time_equal").call(this, left, right);
	},
});
