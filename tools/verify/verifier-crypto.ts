// Ed25519 verification and SHA-256 by node's OpenSSL, as the stream verifier and `open` take them.
// Knows no keys of its own.
import { createHash, verify, type KeyObject } from "node:crypto";
import type { VerifierCrypto } from "../../hosts/support/verify/stream-verifier.js";
import { publicKeyObject } from "../pki/device-record.js";

/** Key objects that are kept: making one costs about as much as verifying. */
const KEYS_MAX = 4096;

export function verifierCrypto(): VerifierCrypto {
	const keys = new Map<string, KeyObject>();
	return {
		sha256(bytes) {
			const digest = createHash("sha256").update(new Uint8Array(bytes)).digest();
			return new Uint8Array(digest).buffer;
		},
		ed25519Verify(publicKey, message, signature) {
			const raw = new Uint8Array(publicKey);
			const name = Buffer.from(raw).toString("base64");
			let key = keys.get(name);
			if (!key) {
				if (keys.size >= KEYS_MAX) keys.clear();
				keys.set(name, (key = publicKeyObject(raw)));
			}
			return verify(null, new Uint8Array(message), key, new Uint8Array(signature));
		},
	};
}
