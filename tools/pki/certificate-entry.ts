// What a list of certificates says of each one, taken from the certificate itself.
import type { X509Certificate } from "node:crypto";

/** One line of `holdfast pki list`. */
export interface CertificateEntry {
	readonly name: string;
	readonly kind: string;
	readonly serial: string;
	readonly notBefore: string;
	readonly notAfter: string;
	readonly fingerprint: string;
	/** When it was revoked, if it was. */
	readonly revokedAt?: string;
}

export function entryOf(
	certificate: X509Certificate,
	revoked: Map<string, Date>,
): CertificateEntry {
	const fields = new Map(
		certificate.subject.split("\n").map((line) => line.split("=", 2) as [string, string]),
	);
	const serial = serialOf(certificate);
	const revokedAt = revoked.get(serial)?.toISOString();
	return {
		name: fields.get("CN") ?? "",
		kind: fields.get("OU") ?? "authority",
		serial,
		notBefore: new Date(certificate.validFrom).toISOString(),
		notAfter: new Date(certificate.validTo).toISOString(),
		fingerprint: fingerprintOf(certificate),
		...(revokedAt ? { revokedAt } : {}),
	};
}

/** Orders entries by kind, then name, then age. */
export function compareEntries(left: CertificateEntry, right: CertificateEntry): number {
	const key = (entry: CertificateEntry) => `${entry.kind}/${entry.name}/${entry.notBefore}`;
	return key(left) < key(right) ? -1 : 1;
}

export function serialOf(certificate: X509Certificate): string {
	return certificate.serialNumber.toLowerCase();
}

export function fingerprintOf(certificate: X509Certificate): string {
	return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}
