// Opens a PKCS #10 certificate request. It comes from a device over a wire, so nothing in it is
// believed beyond what its signature proves: possession of the key.
import { createPublicKey } from "node:crypto";
import { FleetError } from "./fleet-error.js";
import { x509 } from "./x509.js";

/** Bytes of a certificate request. Ours have about 250. */
export const CERTIFICATE_REQUEST_BYTES_MAX = 2048;

/**
 * SubjectPublicKeyInfo from a PKCS #10 request, after its proof of possession was checked. The
 * request comes over a wire: it is a P-256 key for exactly `commonName`, or refused.
 */
export async function openCertificateRequest(
	request: Uint8Array,
	commonName: string,
): Promise<Uint8Array> {
	if (request.length > CERTIFICATE_REQUEST_BYTES_MAX) refuseRequest("too large");
	let parsed;
	let proven: boolean;
	try {
		parsed = new x509.Pkcs10CertificateRequest(request.slice());
		proven = await parsed.verify();
	} catch (error) {
		throw new FleetError("certificate-request", "certificate request: not PKCS #10 in DER", {
			cause: error,
		});
	}
	if (!proven) refuseRequest("its signature does not verify");
	const names = parsed.subjectName.getField("CN");
	if (names.length !== 1 || names[0] !== commonName) {
		refuseRequest(`it is not for the name ${commonName}`);
	}
	return p256PublicKey(new Uint8Array(parsed.publicKey.rawData));
}

/**
 * OpenSSL's encoding of `spki`, so that what is certified has one form; refuses any other kind of
 * key.
 */
function p256PublicKey(spki: Uint8Array): Uint8Array {
	let key;
	try {
		key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
	} catch (error) {
		throw new FleetError("certificate-request", "certificate request: its key is not valid", {
			cause: error,
		});
	}
	if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
		refuseRequest("its key is not a P-256 key");
	}
	return new Uint8Array(key.export({ type: "spki", format: "der" }));
}

function refuseRequest(why: string): never {
	throw new FleetError("certificate-request", `certificate request: ${why}`);
}
