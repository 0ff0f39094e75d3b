// Certificate requests made by OpenSSL, as an independent stand-in for a device's.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A PKCS #10 request in DER for `commonName`, its private key in PEM and its public key (SPKI,
 * DER).
 */
export function makeRequest(commonName: string, namedCurve = "P-256") {
	const { privateKey } = generateKeyPairSync("ec", { namedCurve });
	const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
	const folder = mkdtempSync(join(tmpdir(), "holdfast-request-"));
	try {
		const file = join(folder, "key.pem");
		writeFileSync(file, key, { mode: 0o600 });
		const subject = ["-subj", `/CN=${commonName}`];
		const csr = execFileSync("openssl", [
			"req",
			"-new",
			"-key",
			file,
			...subject,
			"-outform",
			"DER",
		]);
		const publicKey = createPublicKey(createPrivateKey(key)).export({
			type: "spki",
			format: "der",
		});
		return { csr: new Uint8Array(csr), key, publicKey };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
