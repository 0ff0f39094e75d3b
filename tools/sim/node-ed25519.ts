// Ed25519 of Node for the simulated lives that sign for real. Key objects are kept: to make one
// costs as much as to sign.

import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import type { Ed25519Operations } from "../../hosts/simulator/ed25519-crypto.js";

/** What stands before the 32 bytes in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

export function nodeEd25519(): Ed25519Operations {
	const privateKeys = new Map<string, KeyObject>();
	const publicKeys = new Map<string, KeyObject>();
	const kept = (keys: Map<string, KeyObject>, bytes: Uint8Array, make: () => KeyObject) => {
		const name = Buffer.from(bytes).toString("hex");
		const key = keys.get(name) ?? make();
		keys.set(name, key);
		return key;
	};
	const privateKey = (seed: Uint8Array) =>
		kept(privateKeys, seed, () =>
			createPrivateKey({
				key: Buffer.concat([PRIVATE_PREFIX, seed]),
				...({ format: "der", type: "pkcs8" } as const),
			}),
		);
	const publicKey = (bytes: Uint8Array) =>
		kept(publicKeys, bytes, () =>
			createPublicKey({
				key: Buffer.concat([PUBLIC_PREFIX, bytes]),
				...({ format: "der", type: "spki" } as const),
			}),
		);
	return {
		publicKey: (seed) => {
			const encoded = createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" });
			return new Uint8Array(encoded.subarray(PUBLIC_PREFIX.length));
		},
		sign: (seed, message) => new Uint8Array(sign(null, message, privateKey(seed))),
		verify: (bytes, message, signature) => verify(null, message, publicKey(bytes), signature),
	};
}
