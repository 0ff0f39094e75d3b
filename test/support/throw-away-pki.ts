// Certificates for tests: ECDSA P-256 / SHA-256, made in memory, worth nothing. Written by hand,
// because a test wants odd ones: expired, for an address, signed by nobody.
import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import * as der from "../../hosts/node/der.js";

const OID_COMMON_NAME = "2.5.4.3";
const OID_ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const OID_SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
const OID_BASIC_CONSTRAINTS = "2.5.29.19";
const DAY_MS = 86_400_000;
const TRUE = der.element(0x01, Buffer.of(0xff));

export interface Issued {
	readonly subject: string;
	readonly der: Uint8Array;
	readonly pem: string;
	readonly keyPEM: string;
	readonly key: KeyObject;
	/** SHA-256 of SubjectPublicKeyInfo. */
	readonly pin: Uint8Array;
}

export interface IssueOptions {
	subject: string;
	/** Self-signed without it. */
	issuer?: Issued;
	/** Names and addresses of the subject. */
	names?: readonly string[];
	isAuthority?: boolean;
	/** The subject's own; without it one is made, and its private half with it. */
	publicKey?: KeyObject;
	/** Days from now. */
	fromDays?: number;
	toDays?: number;
}

export function issue(options: IssueOptions): Issued {
	const { subject, issuer, names = [], isAuthority = false, fromDays = -1, toDays = 30 } = options;
	const { privateKey, publicKey: madeKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const publicKey = options.publicKey ?? madeKey;
	const info = publicKey.export({ format: "der", type: "spki" });
	const algorithm = der.sequence(der.objectIdentifier(OID_ECDSA_WITH_SHA256));
	const body = der.sequence(
		der.element(0xa0, der.smallInteger(2)), // version 3
		der.element(0x02, createHash("sha256").update(info).digest().subarray(0, 8).fill(1, 0, 1)),
		algorithm,
		nameOf(issuer?.subject ?? subject),
		der.sequence(time(fromDays), time(toDays)),
		nameOf(subject),
		info,
		der.element(0xa3, der.sequence(...extensions(names, isAuthority))),
	);
	const signature = sign("sha256", body, issuer?.key ?? privateKey);
	const certificate = der.sequence(body, algorithm, der.bitString(signature));
	return {
		subject,
		der: new Uint8Array(certificate),
		pem: pemOf(certificate),
		keyPEM: privateKey.export({ format: "pem", type: "pkcs8" }) as string,
		key: privateKey,
		pin: createHash("sha256").update(info).digest(),
	};
}

function extensions(names: readonly string[], isAuthority: boolean): Buffer[] {
	const constraints = isAuthority ? der.sequence(TRUE) : der.sequence();
	const list = [
		der.sequence(der.objectIdentifier(OID_BASIC_CONSTRAINTS), TRUE, der.element(0x04, constraints)),
	];
	if (names.length > 0) {
		const written = der.sequence(...names.map(generalName));
		list.push(
			der.sequence(der.objectIdentifier(OID_SUBJECT_ALTERNATIVE_NAME), der.element(0x04, written)),
		);
	}
	return list;
}

function generalName(name: string): Buffer {
	if (isIP(name) === 4) return der.element(0x87, Buffer.from(name.split(".").map(Number)));
	if (isIP(name) === 6) return der.element(0x87, addressBytes(name));
	return der.element(0x82, Buffer.from(name, "latin1"));
}

/** The 16 bytes of an IPv6 address. */
function addressBytes(address: string): Buffer {
	const [left = [], right = []] = address
		.split("::")
		.map((half) => half.split(":").filter(Boolean));
	const zeros = Array<string>(8 - left.length - right.length).fill("0");
	const groups = [...left, ...zeros, ...right];
	return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function nameOf(commonName: string): Buffer {
	const attribute = der.sequence(der.objectIdentifier(OID_COMMON_NAME), der.utf8String(commonName));
	return der.sequence(der.set(attribute));
}

/** UTCTime, `days` from now. */
function time(days: number): Buffer {
	const text = new Date(Date.now() + days * DAY_MS).toISOString().replace(/[-:T]/g, "");
	return der.element(0x17, Buffer.from(`${text.slice(2, 14)}Z`, "latin1"));
}

function pemOf(certificate: Buffer): string {
	const label = (word: string) => `-----${word} CERTIFICATE-----\n`;
	return `${label("BEGIN")}${certificate.toString("base64")}\n${label("END")}`;
}
