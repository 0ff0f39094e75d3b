// Watches the devices from the brokers' side: whom they trust, whether they keep the keep-alive,
// and whether they say what an operator must hear of.

import { CONNECT_MS_MAX } from "../../../src/limits.js";
import type { DeviceEvent, JudgingTime } from "../../../src/ports.js";
import type { SimulatedBoard } from "../board.js";
import { WORLD_AUTHORITY } from "../board-configuration.js";
import type { VirtualClock } from "../clock.js";
import { authorityDER, judgeCertificate } from "../tls-certificate.js";
import type { TLSTickets } from "../tls-server.js";
import { hostOf } from "./theatre.js";
import type { Place } from "./stage.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/**
 * Accepted and thrown out so soon: what a rival does. The device's own window is a little longer.
 */
const KICK_MS = 20 * SECOND;
/** Kicks in a row after which a device must have named their cause. */
const KICKS_MAX = 8;
/** Online for so long after a refused subscription, it must have told. */
const TELL_MS = MINUTE;
/** Sessions at one place, and not one of them resumed. */
const FULL_HANDSHAKES_MAX = 12;

export interface BrokerWatchOptions {
	readonly clock: VirtualClock;
	readonly places: readonly Place[];
	readonly boards: readonly SimulatedBoard[];
	/** The memories of all TLS servers that there ever were. */
	readonly tickets: readonly TLSTickets[];
	readonly find: (checker: string, what: string, device: string) => void;
	/** No fault is active, and none was lately, but those of `kind`. */
	readonly isCalmBut: (kind: string) => boolean;
	/** The device's own clock was never touched, nor its source of time. */
	readonly isTimeSound: () => boolean;
}

interface Seen {
	isOnline: boolean;
	/** Where the device believes that it is online. */
	place: number | undefined;
	onlineAtMs: number;
	/** Of the session that ended last, until the next begins. */
	lastedMs: number | undefined;
	kicks: number;
	hasNamedRival: boolean;
	/** Events about subscriptions in this session. */
	subscriptionEvents: number;
	sessions: number;
}

export class BrokerWatch {
	readonly #options: BrokerWatchOptions;
	readonly #seen = new Map<string, Seen>();

	constructor(options: BrokerWatchOptions) {
		this.#options = options;
		for (const { name } of options.boards) {
			this.#seen.set(name, {
				isOnline: false,
				place: undefined,
				onlineAtMs: 0,
				lastedMs: undefined,
				kicks: 0,
				hasNamedRival: false,
				subscriptionEvents: 0,
				sessions: 0,
			});
		}
	}

	/** `client` was accepted at `place`, or its session ended there. */
	changed(place: number, client: string, what: string): void {
		const seen = this.#seen.get(client);
		if (seen === undefined) return;
		if (what !== "online") return this.#ended(place, client, what);
		if (this.#isRival(place, client)) return this.#takenOver(client, seen);
		this.#online(place, client, seen);
	}

	/** What a device reports that counts here. */
	reported(device: string, event: DeviceEvent): void {
		const { name } = event;
		const seen = this.#seen.get(device);
		if (seen === undefined) return;
		if (name === "duplicate-client-id-suspected") seen.hasNamedRival = true;
		if (name.startsWith("subscription-")) seen.subscriptionEvents++;
		// It lost its session in another way before it could see that it was thrown out.
		const isOther = name === "connection-failed" && event["transportCode"] !== "tls-closed";
		if (isOther || name === "device-booted") seen.kicks = 0;
		if (name === "connection-failed" || name === "device-booted") seen.place = undefined;
		if (name === "device-booted") seen.hasNamedRival = false;
	}

	/** The broker ended a session whose token had run out. */
	expired(client: string): void {
		const { find, isTimeSound, isCalmBut } = this.#options;
		// A broker may still hold a session whose device has long gone elsewhere.
		if (isTimeSound() && isCalmBut(""))
			find("token-renewed", "its token ran out while it was online", client);
	}

	/** At the end of a life: sessions are resumed where a server remembers them. */
	checkResumption(find: (checker: string, what: string) => void): void {
		for (const { full, resumed } of this.#options.tickets) {
			const boots = this.#options.boards.reduce((sum, board) => sum + board.boots(), 0);
			if (full - boots < FULL_HANDSHAKES_MAX || resumed > 0) continue;
			find("sessions-resumed", `${full} full handshakes with one server, and none resumed`);
		}
	}

	/** A rival does not come through TLS: its connection is none of the secured ones. */
	#isRival(place: number, client: string): boolean {
		const { places } = this.#options;
		return places[place]?.broker.client(client)?.connection.from === "rival";
	}

	#online(place: number, client: string, seen: Seen): void {
		const { clock, places, boards, find } = this.#options;
		const { tls, broker } = places[place] as Place;
		seen.isOnline = true;
		seen.place = place;
		seen.onlineAtMs = clock.monotonicMs();
		seen.lastedMs = undefined;
		seen.subscriptionEvents = 0;
		seen.sessions++;
		const board = boards.find(({ name }) => name === client) as SimulatedBoard;
		const problem = judgeCertificate(tls.certificate, {
			serverName: hostOf(place),
			authorities: [authorityDER(WORLD_AUTHORITY)],
			pins: board.options.configuration?.pins ?? [],
			time: this.#timeWhenJudged(board),
		});
		if (problem !== undefined) find("peers-judged", `${problem}, and it connected`, client);
		if (broker.faults.subackRefusalRate < 1 || broker.faults.hostileSuback) return;
		const { onlineAtMs } = seen;
		clock.schedule(() => {
			const isStill = broker.client(client)?.isOnline === true && seen.onlineAtMs === onlineAtMs;
			const isSlow = broker.faults.acknowledgeDelayMs > 0 || board.path.latencyMs > SECOND;
			if (!isStill || isSlow || broker.faults.acknowledgementLossRate > 0) return;
			if (!this.#options.isCalmBut("subscription-refused")) return;
			if (seen.subscriptionEvents > 0) return;
			find("refusals-told", "its subscription was refused, and it said nothing", client);
		}, TELL_MS);
	}

	/** What `board` knew, at the least, when it judged its peer: the handshake may be minutes ago. */
	#timeWhenJudged({ clock, world }: SimulatedBoard): JudgingTime {
		const attemptMs = CONNECT_MS_MAX + MINUTE;
		const isKnown = this.#options.isTimeSound() && clock.synchronizedMs > attemptMs;
		if (!isKnown) return { unixSeconds: world.startUnixSeconds, isLowerBound: true };
		return { unixSeconds: world.unixSeconds - attemptMs / SECOND, isLowerBound: false };
	}

	#ended(place: number, client: string, what: string): void {
		const { clock, find, isCalmBut } = this.#options;
		const seen = this.#seen.get(client) as Seen;
		seen.lastedMs = undefined;
		// A broker may still hold a session that its device has lost, or left for another broker.
		if (what === "timed-out" && seen.place === place && isCalmBut("")) {
			find("keep-alive-kept", "the broker heard nothing for 1.5 keep-alives", client);
		}
		const lastedMs = clock.monotonicMs() - seen.onlineAtMs;
		if (seen.isOnline && what === "taken-over") seen.lastedMs = lastedMs;
		seen.isOnline = false;
	}

	/** A rival came, in the same moment in which the device's session ended. */
	#takenOver(client: string, seen: Seen): void {
		const { find } = this.#options;
		if (seen.lastedMs === undefined) return;
		const { lastedMs } = seen;
		seen.lastedMs = undefined;
		seen.kicks = lastedMs <= KICK_MS ? seen.kicks + 1 : 0;
		if (seen.kicks >= KICKS_MAX && !seen.hasNamedRival) {
			find("rival-named", `thrown out ${seen.kicks} times in a row, and it said nothing`, client);
		}
	}
}
