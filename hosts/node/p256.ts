// P-256 for the software key store, on node:crypto. A private key is PKCS #8 DER; its PEM form is
// made here, for node:tls, and exists nowhere else.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { P256Operations } from "../support/software-key-store.js";
import * as der from "./der.js";

const OID_COMMON_NAME = "2.5.4.3";
const OID_ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";

/** Bytes of an uncompressed point, at the end of every P-256 SubjectPublicKeyInfo. */
const POINT_BYTES = 65;

export const nodeP256: P256Operations = {
	generate() {
		const { privateKey } = generateKeyPairSync("ec", {
			namedCurve: "P-256",
			privateKeyEncoding: { format: "der", type: "pkcs8" },
			publicKeyEncoding: { format: "der", type: "spki" },
		});
		return privateKey;
	},
	publicKey(privateKey) {
		return publicKeyInfo(load(privateKey)).subarray(-POINT_BYTES);
	},
	sign(privateKey, message) {
		return sign("sha256", message, { key: load(privateKey), dsaEncoding: "ieee-p1363" });
	},
	certificateRequest(privateKey, commonName) {
		const key = load(privateKey);
		// RFC 2986 §4.1: version, subject, public key, no attributes.
		const info = der.sequence(
			der.smallInteger(0),
			nameOf(commonName),
			publicKeyInfo(key),
			der.element(0xa0),
		);
		const algorithm = der.sequence(der.objectIdentifier(OID_ECDSA_WITH_SHA256));
		const signature = sign("sha256", info, { key, dsaEncoding: "der" });
		return der.sequence(info, algorithm, der.bitString(signature));
	},
};

/** The PEM form that node:tls wants. */
export function privateKeyPEM(privateKey: Uint8Array): string {
	return load(privateKey).export({ format: "pem", type: "pkcs8" }) as string;
}

function load(privateKey: Uint8Array): KeyObject {
	return createPrivateKey({ key: Buffer.from(privateKey), format: "der", type: "pkcs8" });
}

function publicKeyInfo(key: KeyObject): Buffer {
	return createPublicKey(key).export({ format: "der", type: "spki" });
}

function nameOf(commonName: string): Buffer {
	const attribute = der.sequence(der.objectIdentifier(OID_COMMON_NAME), der.utf8String(commonName));
	return der.sequence(der.set(attribute));
}
