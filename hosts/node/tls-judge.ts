// Judges a verified peer by what node:tls does not judge: key pins, and certificate dates by the
// device's own clock. For a resumed session the name and the chain are judged again, because
// OpenSSL does not.
import { createHash, X509Certificate } from "node:crypto";
import { checkServerIdentity, type DetailedPeerCertificate } from "node:tls";
import type { JudgingTime, SocketErrorCode, TLSSecureOptions } from "../../src/ports.js";

/** Certificates between a leaf and its authority, both included. */
const CHAIN_LENGTH_MAX = 8;

/** What the peer sent, leaf first: each certificate leads to its issuer. */
export function sentCertificates(leaf: DetailedPeerCertificate): X509Certificate[] {
	const sent: X509Certificate[] = [];
	const seen = new Set<string>();
	let next: DetailedPeerCertificate | undefined = leaf;
	while (next?.raw && sent.length < CHAIN_LENGTH_MAX) {
		const certificate: X509Certificate = new X509Certificate(next.raw);
		if (seen.has(certificate.fingerprint256)) break;
		seen.add(certificate.fingerprint256);
		sent.push(certificate);
		next = next.issuerCertificate;
	}
	return sent;
}

/**
 * The chain from the leaf up to one of `authorities`, each signature checked: what OpenSSL
 * verified, but without what the peer merely sent along. `undefined` where there is none.
 */
export function verifiedChain(
	sent: readonly X509Certificate[],
	authorities: readonly X509Certificate[],
): X509Certificate[] | undefined {
	const trusted = new Set(authorities.map((authority) => authority.fingerprint256));
	let current = sent[0];
	const chain: X509Certificate[] = [];
	while (current && chain.length < CHAIN_LENGTH_MAX) {
		chain.push(current);
		if (trusted.has(current.fingerprint256)) return chain;
		const child: X509Certificate = current;
		const isIssuer = (other: X509Certificate) =>
			!chain.includes(other) && child.checkIssued(other) && child.verify(other.publicKey);
		current = authorities.find(isIssuer) ?? sent.find(isIssuer);
	}
	return undefined;
}

/**
 * Why the peer behind `chain` (leaf first, verified) is refused; `undefined` where it is accepted.
 */
export function judgePeer(
	chain: readonly X509Certificate[],
	secure: TLSSecureOptions,
): SocketErrorCode | undefined {
	const leaf = chain[0];
	if (!leaf) return "tls-authority";
	if (checkServerIdentity(secure.serverName, leaf.toLegacyObject())) return "tls-host-name";
	for (const certificate of chain) {
		const problem = secure.time && judgeDates(certificate, secure.time);
		if (problem) return problem;
	}
	if (secure.pins.length === 0) return undefined;
	const pins = new Set(secure.pins.map((pin) => Buffer.from(pin).toString("hex")));
	return chain.some((certificate) => pins.has(pinOf(certificate))) ? undefined : "tls-pin";
}

function judgeDates(certificate: X509Certificate, time: JudgingTime): SocketErrorCode | undefined {
	if (time.unixSeconds * 1000 > Date.parse(certificate.validTo)) return "tls-expired";
	// A floor cannot prove that a certificate is not valid yet: the true time may be later.
	if (time.isLowerBound) return undefined;
	return time.unixSeconds * 1000 < Date.parse(certificate.validFrom)
		? "tls-not-yet-valid"
		: undefined;
}

function pinOf(certificate: X509Certificate): string {
	const info = certificate.publicKey.export({ format: "der", type: "spki" });
	return createHash("sha256").update(info).digest("hex");
}
