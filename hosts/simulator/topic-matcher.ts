// Which subscriptions a topic name matches (MQTT 3.1.1 §4.7): exact filters by a look-up, those
// with wildcards one by one. Written for the simulated broker, without the device's own matcher.

/** Whether `filter` matches `topic`. */
export function matchesTopic(filter: string, topic: string): boolean {
	const wanted = filter.split("/");
	const levels = topic.split("/");
	// [MQTT-4.7.2-1] a wildcard at the beginning does not match topics of the server's own.
	if (topic.startsWith("$") && (wanted[0] === "+" || wanted[0] === "#")) return false;
	for (let index = 0; index < wanted.length; index++) {
		if (wanted[index] === "#") return true; // the parent level is matched as well
		const level = levels[index];
		if (level === undefined || (wanted[index] !== "+" && wanted[index] !== level)) return false;
		if (index === levels.length - 1 && wanted.length === index + 2 && wanted[index + 1] === "#") {
			return true;
		}
	}
	return wanted.length === levels.length;
}

/** Subscribers by topic filter. */
export class TopicMatcher<Subscriber> {
	readonly #exact = new Map<string, Set<Subscriber>>();
	readonly #wild = new Map<string, Set<Subscriber>>();

	add(filter: string, subscriber: Subscriber): void {
		const table = this.#tableOf(filter);
		const subscribers = table.get(filter);
		if (subscribers) subscribers.add(subscriber);
		else table.set(filter, new Set([subscriber]));
	}

	remove(filter: string, subscriber: Subscriber): void {
		const table = this.#tableOf(filter);
		const subscribers = table.get(filter);
		subscribers?.delete(subscriber);
		if (subscribers?.size === 0) table.delete(filter);
	}

	/** Each subscriber once, however many of its filters match. */
	subscribersOf(topic: string): ReadonlySet<Subscriber> {
		const exact = this.#exact.get(topic);
		if (this.#wild.size === 0) return exact ?? new Set();
		const found = new Set(exact);
		for (const [filter, subscribers] of this.#wild) {
			if (!matchesTopic(filter, topic)) continue;
			for (const subscriber of subscribers) found.add(subscriber);
		}
		return found;
	}

	clear(): void {
		this.#exact.clear();
		this.#wild.clear();
	}

	#tableOf(filter: string): Map<string, Set<Subscriber>> {
		return filter.includes("+") || filter.includes("#") ? this.#wild : this.#exact;
	}
}
