// Certificates of the simulated world: what is judged in X.509, in a DER envelope of realistic
// size, and nothing of its mathematics. An authority is known by its name alone.

import { decodeUTF8, encodeUTF8 } from "../../src/bytes/text.js";
import { equalBytes } from "../../src/bytes/arrays.js";
import { fromHex, toHex } from "../../src/bytes/hex.js";
import type { JudgingTime, SocketErrorCode, TLSSecureOptions } from "../../src/ports.js";

export interface SimulatedCertificate {
	/** The name of the authority that issued it. */
	readonly authority: string;
	/** Host names, `*.` included, and addresses; of a client: its id. */
	readonly names: readonly string[];
	/** Unix seconds. */
	readonly notBefore: number;
	readonly notAfter: number;
	/** SHA-256 of its public key. */
	readonly keyPin: Uint8Array;
	/** Bytes of the whole chain on the wire. */
	readonly chainBytes: number;
}

/** A chain of two P-256 certificates. */
export const CHAIN_BYTES = 900;

/** DER of an authority, for `Configuration.authorities`. */
export function authorityDER(name: string): Uint8Array {
	return sequence(encodeUTF8(`authority ${name}`), 420);
}

/** DER of a certificate, for `Configuration.certificates` and the wire. */
export function certificateDER(certificate: SimulatedCertificate): Uint8Array {
	const { keyPin, ...facts } = certificate;
	const text = JSON.stringify({ ...facts, keyPin: toHex(keyPin) });
	return sequence(encodeUTF8(text), certificate.chainBytes);
}

/** `undefined` for anything that {@link certificateDER} did not write. */
export function readCertificate(der: Uint8Array): SimulatedCertificate | undefined {
	if (der[0] !== 0x30 || der[1] !== 0x82) return undefined;
	const length = ((der[2] as number) << 8) | (der[3] as number);
	const text = decodeUTF8(der.subarray(4, 4 + length));
	if (text === undefined) return undefined;
	try {
		const { keyPin, ...facts } = JSON.parse(text.trimEnd()) as Record<string, unknown>;
		return { ...(facts as object), keyPin: fromHex(keyPin as string) } as SimulatedCertificate;
	} catch {
		return undefined;
	}
}

/** Why the device refuses the peer; `undefined` where it is accepted. */
export function judgeCertificate(
	certificate: SimulatedCertificate,
	secure: TLSSecureOptions,
): SocketErrorCode | undefined {
	const authority = authorityDER(certificate.authority);
	if (!secure.authorities.some((known) => equalBytes(known, authority))) return "tls-authority";
	if (!certificate.names.some((name) => isNamed(name, secure.serverName))) return "tls-host-name";
	const problem = secure.time && judgeDates(certificate, secure.time);
	if (problem) return problem;
	if (secure.pins.length === 0) return undefined;
	const isPinned = secure.pins.some((pin) => equalBytes(pin, certificate.keyPin));
	return isPinned ? undefined : "tls-pin";
}

function judgeDates(
	{ notBefore, notAfter }: SimulatedCertificate,
	{ unixSeconds, isLowerBound }: JudgingTime,
): SocketErrorCode | undefined {
	if (unixSeconds > notAfter) return "tls-expired";
	// A floor cannot prove that a certificate is not valid yet: the true time may be later.
	return !isLowerBound && unixSeconds < notBefore ? "tls-not-yet-valid" : undefined;
}

/** A wildcard stands for the leftmost label, whole. */
function isNamed(pattern: string, name: string): boolean {
	const wanted = name.toLowerCase();
	if (!pattern.startsWith("*.")) return pattern.toLowerCase() === wanted;
	const dot = wanted.indexOf(".");
	return dot > 0 && wanted.slice(dot) === pattern.slice(1).toLowerCase();
}

/** Padded with blanks to `byteLength`, where the content leaves room. */
function sequence(content: Uint8Array, byteLength: number): Uint8Array {
	const length = Math.max(content.length, byteLength - 4);
	const der = new Uint8Array(4 + length).fill(0x20);
	der.set([0x30, 0x82, length >> 8, length & 0xff]);
	der.set(content, 4);
	return der;
}
