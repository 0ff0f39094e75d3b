// Makes X.509 certificates and revocation lists: ECDSA P-256 with SHA-256 throughout, because
// mbedTLS knows no Ed25519 certificates. Works on values; where they are kept is fleet.ts's affair.
import { createPublicKey, generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import { FleetError } from "./fleet-error.js";
import { x509, type Extension, type X509Certificate } from "./x509.js";

/** Clocks differ: a new certificate is valid from a little before it was made. */
const BACKDATE_MS = 5 * 60 * 1000;

const DAY_MS = 24 * 60 * 60 * 1000;
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const OID_CRL_NUMBER = "2.5.29.20";

export type CertificateKind = "authority" | "broker" | "operator" | "device";

/** When a certificate is valid: `days` from now, or the dates themselves. */
export interface Validity {
	readonly days?: number;
	readonly notBefore?: Date;
	readonly notAfter?: Date;
}

/**
 * Days without a `validity`. A device in the field outlives its maker's plans; a person does not.
 */
export const VALIDITY_DAYS: Readonly<Record<CertificateKind, number>> = {
	authority: 20 * 365,
	broker: 2 * 365,
	operator: 365,
	device: 10 * 365,
};

export interface Subject {
	readonly kind: CertificateKind;
	readonly name: string;
	/** DNS names and IP addresses, for a broker. */
	readonly hosts?: readonly string[];
}

export interface Authority {
	readonly certificate: X509Certificate;
	readonly key: webcrypto.CryptoKey;
}

export interface Revocation {
	readonly serial: string;
	readonly at: Date;
}

/** A new P-256 private key, PKCS #8 in PEM. */
export function makePrivateKey(): string {
	const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

export async function importAuthority(certificate: string, privateKey: string): Promise<Authority> {
	const key = await importPrivateKey(privateKey);
	return { certificate: new x509.X509Certificate(certificate), key };
}

/** The self-signed certificate at the root of a fleet. */
export async function makeAuthorityCertificate(
	name: string,
	privateKey: string,
	validity?: Validity,
): Promise<X509Certificate> {
	const publicKey = await importPublicKey(publicKeyOf(privateKey));
	const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
	return x509.X509CertificateGenerator.createSelfSigned({
		...datesOf("authority", validity),
		serialNumber: makeSerial(),
		name: [{ CN: [`${name} authority`] }],
		keys: { publicKey, privateKey: await importPrivateKey(privateKey) },
		signingAlgorithm: SIGNING,
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(usages, true),
			await x509.SubjectKeyIdentifierExtension.create(publicKey),
		],
	});
}

/** A certificate for the key whose SubjectPublicKeyInfo is `publicKey`, signed by `authority`. */
export async function makeCertificate(
	authority: Authority,
	subject: Subject,
	publicKey: Uint8Array,
	validity?: Validity,
): Promise<X509Certificate> {
	const key = await importPublicKey(publicKey);
	const dates = datesOf(subject.kind, validity, authority.certificate.notAfter);
	return x509.X509CertificateGenerator.create({
		...dates,
		serialNumber: makeSerial(),
		subject: [{ OU: [subject.kind] }, { CN: [subject.name] }],
		issuer: authority.certificate.subjectName,
		publicKey: key,
		signingKey: authority.key,
		signingAlgorithm: SIGNING,
		extensions: await extensionsOf(authority, subject, key),
	});
}

/**
 * A revocation list, DER. It ends with the authority: a broker with an outdated list refuses
 * everyone.
 */
export async function makeRevocationList(
	authority: Authority,
	revocations: readonly Revocation[],
	number: number,
): Promise<Uint8Array> {
	const list = await x509.X509CrlGenerator.create({
		issuer: authority.certificate.subjectName,
		thisUpdate: wholeSeconds(Date.now() - BACKDATE_MS),
		nextUpdate: authority.certificate.notAfter,
		signingAlgorithm: SIGNING,
		signingKey: authority.key,
		entries: revocations.map(({ serial, at }) => ({ serialNumber: serial, revocationDate: at })),
		extensions: [
			await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
			new x509.Extension(OID_CRL_NUMBER, false, encodeInteger(number)),
		],
	});
	return new Uint8Array(list.rawData);
}

/** The SubjectPublicKeyInfo of a private key in PEM. */
export function publicKeyOf(privateKey: string): Uint8Array {
	return new Uint8Array(createPublicKey(privateKey).export({ type: "spki", format: "der" }));
}

async function extensionsOf(
	authority: Authority,
	subject: Subject,
	publicKey: webcrypto.CryptoKey,
): Promise<Extension[]> {
	const use = x509.ExtendedKeyUsage;
	const extensions: Extension[] = [
		new x509.BasicConstraintsExtension(false, undefined, true),
		new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
		new x509.ExtendedKeyUsageExtension([
			subject.kind === "broker" ? use.serverAuth : use.clientAuth,
		]),
		await x509.SubjectKeyIdentifierExtension.create(publicKey),
		await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
	];
	if (subject.hosts) {
		const names = subject.hosts.map((host) => {
			return { type: isIP(host) ? ("ip" as const) : ("dns" as const), value: host };
		});
		extensions.push(new x509.SubjectAlternativeNameExtension(names));
	}
	return extensions;
}

function datesOf(kind: CertificateKind, validity: Validity | undefined, latest?: Date) {
	const days = validity?.days ?? VALIDITY_DAYS[kind];
	const notBefore = wholeSeconds(validity?.notBefore?.getTime() ?? Date.now() - BACKDATE_MS);
	const from = validity?.notBefore?.getTime() ?? Date.now();
	let notAfter = wholeSeconds(validity?.notAfter?.getTime() ?? from + days * DAY_MS);
	if (latest && notAfter > latest) notAfter = latest;
	if (!(notBefore < notAfter)) {
		throw new FleetError("validity", "validity: the certificate would end before it begins");
	}
	return { notBefore, notAfter };
}

function wholeSeconds(ms: number): Date {
	return new Date(Math.floor(ms / 1000) * 1000);
}

/**
 * 16 random bytes: the first bit a zero (DER integers are signed), the second a one (no leading
 * zeros).
 */
function makeSerial(): string {
	const bytes = randomBytes(16);
	bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
	return bytes.toString("hex");
}

/** A DER INTEGER: as few bytes as hold `value` with its sign bit. */
function encodeInteger(value: number): Uint8Array {
	const hex = value.toString(16);
	const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
	const sign = (bytes[0] as number) > 0x7f ? [0] : [];
	return Uint8Array.from([0x02, sign.length + bytes.length, ...sign, ...bytes]);
}

function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
	const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
	return webcrypto.subtle.importKey("pkcs8", der, P256, false, ["sign"]);
}

function importPublicKey(spki: Uint8Array): Promise<webcrypto.CryptoKey> {
	return webcrypto.subtle.importKey("spki", spki, P256, true, ["verify"]);
}
