// TLS sessions that a simulated board keeps in memory, each bound to whom it was verified for.

import { crc32 } from "../../src/bytes/crc32.js";
import type { TLSSecureOptions } from "../../src/ports.js";

const TICKETS_MAX = 4;

export interface KeptTicket {
	readonly ticket: string;
	/** DER of the chain that was verified: judged again each time. */
	readonly certificate: Uint8Array;
}

export class TicketCache {
	/** Oldest first. */
	readonly #tickets = new Map<string, KeptTicket>();

	/** Hands a ticket over. */
	take(key: string): KeptTicket | undefined {
		const kept = this.#tickets.get(key);
		this.#tickets.delete(key);
		return kept;
	}

	keep(key: string, kept: KeptTicket): void {
		this.#tickets.delete(key);
		this.#tickets.set(key, kept);
		for (const oldest of this.#tickets.keys()) {
			if (this.#tickets.size <= TICKETS_MAX) break;
			this.#tickets.delete(oldest);
		}
	}

	drop(key: string): void {
		this.#tickets.delete(key);
	}
}

/** Host, port, CA set, identity, pins and protocols: a difference in any one is another session. */
export function sessionKeyOf(port: number, secure: TLSSecureOptions): string {
	return JSON.stringify([
		secure.serverName.toLowerCase(),
		port,
		secure.authorities.map(checksum),
		secure.pins.map(checksum),
		secure.identity ? [secure.identity.key, secure.identity.certificates.map(checksum)] : null,
		secure.applicationLayerProtocols ?? [],
	]);
}

/** Enough to tell apart what a simulated world holds. */
function checksum(bytes: Uint8Array): number {
	return crc32(bytes);
}
