// Ed25519 verification by node's OpenSSL, as `open` takes it. Knows no keys of its own.
import { verify, type KeyObject } from "node:crypto";
import type { Crypto } from "../../src/ports.js";
import { publicKeyObject } from "../pki/device-record.js";

/** Key objects that are kept: making one costs about as much as verifying. */
const KEYS_MAX = 4096;

export function makeEd25519(): Pick<Crypto, "ed25519Verify"> {
	const keys = new Map<string, KeyObject>();
	return {
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
