import {
	INBOUND_BYTES_BURST,
	INBOUND_BYTES_PER_SECOND,
	INBOUND_MESSAGES_BURST,
	INBOUND_MESSAGES_PER_SECOND,
	INBOUND_PACED_MS_MAX,
	INBOUND_VIOLATIONS_BURST,
	INBOUND_VIOLATIONS_PER_SECOND,
	MQTT_READ_BYTES,
} from "../../../src/limits.js";
import { Governor, type Admission } from "../../../src/policy/governor.js";

/** Acts of a flood that should have been refused long ago. */
const FLOOD_MAX = 100_000;

class Bench {
	nowMs = 1000;
	readonly governor: Governor;

	constructor(timeScale = 1) {
		this.governor = new Governor({ clock: { monotonicMs: () => this.nowMs }, timeScale });
		this.governor.connecting();
	}

	/** A peer that never has nothing to send: what it got through before it was refused. */
	flood(act: () => void): { count: number; tookMs: number; refusal: Admission } {
		const startMs = this.nowMs;
		for (let count = 0; count < FLOOD_MAX; count++) {
			const refusal = this.#await();
			if (refusal !== undefined) return { count, tookMs: this.nowMs - startMs, refusal };
			act();
		}
		throw new Error("a flood without an end");
	}

	/** Waits as long as it is told to. */
	#await(): Admission | undefined {
		for (;;) {
			const admission = this.governor.admit();
			if (admission.kind === "open") return undefined;
			if (admission.kind === "flooded") return admission;
			this.nowMs += admission.delayMs;
		}
	}
}

describe("Governor", () => {
	it("lets a burst of messages through at once", () => {
		const { governor } = new Bench();
		for (let count = 0; count < INBOUND_MESSAGES_BURST; count++) {
			expect(governor.admit().kind).toBe("open");
			governor.onMessage();
		}
		governor.onMessage();
		expect(governor.admit()).toEqual({
			kind: "paced",
			limit: "messages",
			delayMs: 1000 / INBOUND_MESSAGES_PER_SECOND,
		});
	});

	it("holds a flood of messages back, and ends it when its patience is spent", () => {
		const bench = new Bench();
		const { count, tookMs, refusal } = bench.flood(() => bench.governor.onMessage());
		expect(refusal).toEqual({ kind: "flooded", limit: "messages" });
		expect(tookMs).toBeGreaterThanOrEqual(INBOUND_PACED_MS_MAX);
		expect(tookMs).toBeLessThan(INBOUND_PACED_MS_MAX * 1.2);
		const passed = INBOUND_MESSAGES_BURST + (tookMs / 1000) * INBOUND_MESSAGES_PER_SECOND;
		expect(Math.abs(count - passed)).toBeLessThanOrEqual(2);
	});

	it("counts bytes whatever becomes of them", () => {
		const bench = new Bench();
		const { count, tookMs, refusal } = bench.flood(() => bench.governor.onBytes(MQTT_READ_BYTES));
		expect(refusal).toEqual({ kind: "flooded", limit: "bytes" });
		const passed = INBOUND_BYTES_BURST + (tookMs / 1000) * INBOUND_BYTES_PER_SECOND;
		expect(Math.abs(count * MQTT_READ_BYTES - passed)).toBeLessThanOrEqual(2 * MQTT_READ_BYTES);
	});

	it("has no patience with violations", () => {
		const bench = new Bench();
		const { count, tookMs, refusal } = bench.flood(() => bench.governor.onViolation());
		expect(refusal).toEqual({ kind: "flooded", limit: "violations" });
		expect(count).toBe(INBOUND_VIOLATIONS_BURST + 1);
		expect(tookMs).toBe(0);
	});

	it("bears for ever what stays within the rates", () => {
		const bench = new Bench();
		const { governor } = bench;
		for (let second = 0; second < 3600; second++) {
			for (let count = 0; count < INBOUND_MESSAGES_PER_SECOND; count++) governor.onMessage();
			governor.onBytes(INBOUND_BYTES_PER_SECOND);
			if (second % (1 / INBOUND_VIOLATIONS_PER_SECOND) === 0) governor.onViolation();
			bench.nowMs += 1000;
			expect(governor.admit().kind).toBe("open");
		}
	});

	it("gives a new connection new patience, and nothing else", () => {
		const bench = new Bench();
		const first = bench.flood(() => bench.governor.onMessage());
		bench.governor.connecting();
		const second = bench.flood(() => bench.governor.onMessage());
		expect(first.count).toBeGreaterThan(INBOUND_MESSAGES_BURST);
		expect(second.count).toBeLessThan(INBOUND_MESSAGES_BURST);
		expect(second.tookMs).toBeGreaterThanOrEqual(INBOUND_PACED_MS_MAX);
	});

	it("does not forget violations over a reconnect", () => {
		const bench = new Bench();
		bench.flood(() => bench.governor.onViolation());
		bench.governor.connecting();
		expect(bench.governor.admit().kind).toBe("flooded");
		bench.nowMs += 1000 / INBOUND_VIOLATIONS_PER_SECOND;
		expect(bench.governor.admit().kind).toBe("open");
	});

	it("blames the peer for the wait it was given, and not for a late timer", () => {
		const bench = new Bench();
		const { governor } = bench;
		for (let count = 0; count <= INBOUND_MESSAGES_BURST; count++) governor.onMessage();
		for (let count = 0; count < 1000; count++) {
			expect(governor.admit().kind).toBe("paced");
			bench.nowMs += 60_000; // the loop was busy with something else
			expect(governor.admit().kind).toBe("open");
			for (let again = 0; again <= INBOUND_MESSAGES_BURST; again++) governor.onMessage();
		}
	});

	it("scales its rates with the other durations", () => {
		const bench = new Bench(0.01);
		const { tookMs } = bench.flood(() => bench.governor.onMessage());
		expect(tookMs).toBeLessThan(INBOUND_PACED_MS_MAX * 0.012);
	});
});
