// A broker that sends more than anyone wants: so many messages a second to each of its clients.

import type { BrokerClient } from "./broker-client.js";
import type { Flood } from "./broker-options.js";
import type { ScheduledEvent, VirtualClock } from "./clock.js";
import type { Random } from "./random.js";

const TICK_MS = 100;

export class BrokerFlood {
	readonly #clock: VirtualClock;
	readonly #random: Random;
	readonly #targets: () => readonly BrokerClient[];
	#next: ScheduledEvent | undefined;

	constructor(clock: VirtualClock, random: Random, targets: () => readonly BrokerClient[]) {
		this.#clock = clock;
		this.#random = random;
		this.#targets = targets;
	}

	/** In place of the one before. */
	start({ messagesPerSecond, payloadBytes, QoS }: Flood): void {
		this.stop();
		let due = 0;
		const tick = () => {
			this.#next = this.#clock.schedule(tick, TICK_MS);
			due += (messagesPerSecond * TICK_MS) / 1000;
			for (; due >= 1; due--) {
				for (const client of this.#targets()) {
					const payload = this.#random.bytes(payloadBytes);
					client.sendStray({ topic: topicOf(client), payload, QoS });
				}
			}
		};
		this.#next = this.#clock.schedule(tick, 0);
	}

	stop(): void {
		if (this.#next !== undefined) this.#clock.cancel(this.#next);
		this.#next = undefined;
	}
}

/** A topic that `client` listens to. */
export function topicOf(client: BrokerClient): string {
	const filter = client.session?.subscriptions.keys().next().value ?? "nobody/listens";
	const levels = filter.split("/").map((level) => (level === "+" || level === "#" ? "any" : level));
	return levels.join("/");
}
