// TLS sessions kept for resumption, in memory. A session is bound to whom it was verified for: a
// resumed one skips the server's certificate, so it must never serve a connection that asks for
// anything else.
import { createHash } from "node:crypto";
import type { TLSSecureOptions } from "../../src/ports.js";

/** Sessions kept. A device has one broker and perhaps a backup, in two credential slots. */
const SESSIONS_MAX = 8;

export interface KeptSession {
	/** The resumption secret, as node:tls gave it. */
	readonly session: Buffer;
	/**
	 * The chain that was verified when the session was made, leaf first, DER: judged again each
	 * time.
	 */
	readonly chain: readonly Buffer[];
}

export class SessionCache {
	/** Oldest first. */
	readonly #sessions = new Map<string, KeptSession>();

	/** Hands a session over: it is used at most once, as TLS 1.3 demands of tickets. */
	take(key: string): KeptSession | undefined {
		const kept = this.#sessions.get(key);
		this.#sessions.delete(key);
		return kept;
	}

	keep(key: string, kept: KeptSession): void {
		this.#sessions.delete(key);
		this.#sessions.set(key, kept);
		for (const oldest of this.#sessions.keys()) {
			if (this.#sessions.size <= SESSIONS_MAX) break;
			this.#sessions.delete(oldest);
		}
	}
}

/** Host, port, CA set, identity, pins and protocols: a difference in any one is another session. */
export function sessionKeyOf(port: number, secure: TLSSecureOptions): string {
	const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
	const facts = [
		secure.serverName.toLowerCase(),
		port,
		secure.authorities.map(hex).sort(),
		secure.pins.map(hex).sort(),
		secure.identity ? [secure.identity.key, secure.identity.certificates.map(hex)] : null,
		secure.applicationLayerProtocols ?? [],
	];
	return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}
