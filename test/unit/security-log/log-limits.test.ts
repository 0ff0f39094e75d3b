// How often what is written: which events use up whose rate, by what kinds are told apart, and what
// is kept for the graver ones.

import {
	LOG_DEVICE_BURST,
	LOG_DEVICE_PER_SECOND,
	LOG_KIND_BURST,
	LOG_KINDS_MAX,
	LOG_PEER_BURST,
	LOG_PEER_PER_SECOND,
	LOG_SUPPRESSED_MS,
} from "../../../src/limits.js";
import { TokenBucket } from "../../../src/policy/token-bucket.js";
import type { DeviceEvent } from "../../../src/ports.js";
import { CATALOGUE } from "../../../src/security-log/catalogue.js";
import type { LogEntry } from "../../../src/security-log/entry.js";
import { Limiter } from "../../../src/security-log/limiter.js";
import { LogImage, LogLife } from "../../support/log-bench.js";

const HOUR = 3_600_000;
const MINUTE = 60_000;
const EXAMPLES: Readonly<Record<string, DeviceEvent>> = {
	"command-performed": {
		name: "command-performed",
		command: "restart",
		sequence: 1,
		operator: "0011223344556677",
		outcome: "done",
	},
};

function namesFrom(source: string): string[] {
	return Object.keys(CATALOGUE).filter((name) => CATALOGUE[name]?.source === source);
}

function operator(number: number): string {
	return `${number}`.repeat(16);
}

function performed(number: number, command: string) {
	const event = { name: "command-performed", command, sequence: 1, outcome: "done" };
	return { ...event, operator: operator(number) };
}

/** Entries that say `value` among their details. */
function saying(life: LogLife, value: string): number {
	return life.entries.filter(({ details }) => Object.values(details).includes(value)).length;
}

/** What the newest entry says. */
function told(life: LogLife) {
	const { counter, name, details } = life.entries.at(-1) as LogEntry;
	return { counter, name, details };
}

describe("SecurityLog, rates", () => {
	it("writes the first of a kind, counts the rest, and tells the count with the next", () => {
		const life = new LogLife(new LogImage(), 0);
		for (let count = 0; count < 100; count++) life.record("signature-rejected");
		expect(life.entries).toHaveLength(LOG_KIND_BURST);
		life.clock.advance(HOUR / 6);
		life.record("signature-rejected");
		expect(life.entries.at(-1)?.details).toEqual({ suppressed: 100 - LOG_KIND_BURST });
	});

	it("writes the counts down before the device restarts itself", () => {
		const life = new LogLife(new LogImage(), 0);
		for (let count = 0; count < 10; count++) life.record("signature-rejected");
		life.report({ name: "device-restarting", cause: "command" });
		expect(life.names.slice(-2)).toEqual(["device-restarting", "events-suppressed"]);
		expect(told(life).details).toEqual({ total: 6, "signature-rejected": 6 });
		expect(life.log.hasWork).toBe(true); // nothing but the signature
		life.work();
		expect(life.log.hasWork).toBe(false);
	});

	it("writes the counts down within the device's own rate, however often they begin anew", () => {
		const life = new LogLife(new LogImage(), 0);
		for (let minute = 0; minute < 24 * 60; minute++) {
			for (let count = 0; count < 20; count++) life.record("task-stalled", "log-altered");
			life.report({ name: "credential-promoted", slot: 1 });
			life.work();
		}
		const most = LOG_DEVICE_BURST + LOG_DEVICE_PER_SECOND * 86_400;
		expect(told(life).counter).toBeLessThanOrEqual(most);
		expect(told(life).counter).toBeGreaterThan(most * 0.95);
	});

	it("writes the counts down after a quarter of an hour, where nothing follows", () => {
		const life = new LogLife(new LogImage(), 0);
		for (let count = 0; count < 10; count++) life.record("signature-rejected");
		for (let count = 0; count < 7; count++) life.record("protocol-violated");
		for (let minute = 0; minute < LOG_SUPPRESSED_MS / MINUTE - 1; minute++) life.work();
		expect(life.names).not.toContain("events-suppressed");
		life.work();
		expect(told(life)).toEqual({
			counter: 9,
			name: "events-suppressed",
			details: { total: 9, "signature-rejected": 6, "protocol-violated": 3 },
		});
		for (let minute = 0; minute < 120; minute++) life.work();
		expect(life.names.filter((name) => name === "events-suppressed")).toHaveLength(1);
	});

	it("keeps room for each source when another one provokes everything it can", () => {
		const kept: Readonly<Record<string, readonly string[]>> = {
			peer: ["credential-reverted", "command-performed", "provisioning-unlocked"],
			station: ["credential-reverted", "command-performed"],
		};
		for (const [source, expected] of Object.entries(kept)) {
			const life = new LogLife(new LogImage(), 0);
			const provoked = namesFrom(source).filter((name) => !expected.includes(name));
			for (let count = 0; count < 300; count++) {
				life.clock.advance(MINUTE);
				for (const name of provoked) life.report({ name, isSecurity: true });
			}
			for (const name of expected) life.report(EXAMPLES[name] ?? { name });
			expect(life.names.slice(-expected.length)).toEqual(expected);
		}
	});

	it("writes the beginning of what a peer does, and then no more than its rate", () => {
		const life = new LogLife(new LogImage(), 0);
		for (let minute = 0; minute < 24 * 60; minute++) {
			for (const name of namesFrom("peer")) life.report({ name, isSecurity: true });
			life.clock.advance(MINUTE);
		}
		const most = LOG_PEER_BURST + LOG_PEER_PER_SECOND * 86_400;
		expect(told(life).counter).toBeGreaterThan(most * 0.95);
		expect(told(life).counter).toBeLessThanOrEqual(most);
	});

	it("fits the longest suppressed counts into an entry", () => {
		const life = new LogLife(new LogImage(), 0);
		for (const name of Object.keys(CATALOGUE)) {
			for (let count = 0; count < 20; count++) life.report({ name, isSecurity: true });
		}
		for (let minute = 0; minute < 61; minute++) life.work();
		const counts = life.entries.filter(({ name }) => name === "events-suppressed");
		const total = counts.reduce((sum, { details }) => sum + Number(details["total"]), 0);
		expect(total).toBeGreaterThan(300);
	});
});

describe("SecurityLog, kinds", () => {
	it("writes a command that changes something after many that ask, by whomever", () => {
		for (const asker of [1, 2]) {
			const life = new LogLife(new LogImage(), 0);
			for (let count = 0; count < 10; count++) life.report(performed(asker, "identify"));
			life.report(performed(1, "set-interval"));
			expect(saying(life, "identify")).toBe(LOG_KIND_BURST);
			expect(saying(life, "set-interval")).toBe(1);
		}
	});

	it("keeps a part of the rate for commands that change something", () => {
		const life = new LogLife(new LogImage(), 0);
		for (let minute = 0; minute < 300; minute++) {
			life.clock.advance(MINUTE);
			for (let asker = 1; asker <= 8; asker++) {
				for (const command of ["identify", "report"]) life.report(performed(asker, command));
			}
		}
		for (let count = 0; count < 4; count++) {
			life.report(performed(9, "restart"));
			life.report(performed(9, "set-interval"));
		}
		expect(saying(life, "restart")).toBe(4);
		expect(saying(life, "set-interval")).toBe(4);
	});

	it("writes an attempt to unlock, and a success, after many refusals of other steps", () => {
		const life = new LogLife(new LogImage(), 0);
		const steps = ["hello", "keys", "request", "begin", "chunk", "commit", "prove", "challenge"];
		for (let minute = 0; minute < 300; minute++) {
			life.clock.advance(MINUTE);
			for (const step of steps) life.report({ name: "provisioning-refused", step, code: "step" });
		}
		for (let count = 0; count < 10; count++) {
			life.report({ name: "provisioning-refused", step: "unlock", code: "unlock" });
		}
		life.report({ name: "provisioning-unlocked" });
		expect(saying(life, "unlock")).toBe(LOG_KIND_BURST);
		expect(life.names.at(-1)).toBe("provisioning-unlocked");
	});

	it("tells failed connections apart by their class, and refused commands by their reason", () => {
		const life = new LogLife(new LogImage(), 0);
		const failed = { name: "connection-failed", isSecurity: true };
		const refused = { name: "command-refused", operator: operator(1), sequence: 1 };
		for (let count = 0; count < 10; count++) {
			life.report({ ...failed, failureClass: "tls-pin" });
			life.report({ ...refused, reason: "replayed" });
		}
		life.report({ ...failed, failureClass: "connack-credentials" });
		life.report({ ...failed, failureClass: "flood" });
		life.report({ ...refused, reason: "not-allowed" });
		for (const value of ["connack-credentials", "flood", "not-allowed"]) {
			expect(saying(life, value)).toBe(1);
		}
	});

	it("writes a failed connection after any number of refused messages", () => {
		const life = new LogLife(new LogImage(), 0);
		for (let minute = 0; minute < 300; minute++) {
			life.clock.advance(MINUTE);
			for (const name of ["signature-rejected", "message-outside-policy", "message-too-large"]) {
				life.report({ name });
			}
			for (const reason of ["replayed", "retained"])
				life.report({ name: "command-refused", reason });
		}
		life.report({ name: "connection-failed", isSecurity: true, failureClass: "tls-pin" });
		expect(saying(life, "tls-pin")).toBe(1);
	});
});

describe("Limiter", () => {
	const event = { name: "command-performed", source: "operator", isMinor: false } as const;

	it("lets kinds beyond the bound share one rate, until another kind is idle", () => {
		let made = 0;
		const limiter = new Limiter((size, nowMs) => {
			made++;
			return new TokenBucket({ ...size, burst: size.burst === 4 ? 4 : 10_000 }, nowMs);
		}, 0);
		const sources = made;
		const takes = (kind: string, atMs: number) => limiter.take({ ...event, kind }, atMs);
		for (let number = 0; number < LOG_KINDS_MAX; number++) takes(`kind ${number}`, 0);
		for (let number = 0; number < LOG_KIND_BURST; number++) takes(`more ${number}`, 0);
		expect(takes("one more", 0)).toBeUndefined();
		expect(takes("kind 7", 0)).toBeDefined();
		expect(made - sources).toBe(LOG_KINDS_MAX + 1);
		const peers = { name: "signature-rejected", source: "peer", isMinor: false } as const;
		expect(limiter.take({ ...peers, kind: "of peers" }, 0)).toBeDefined();
		expect(takes("one more", 60 * MINUTE)).toBeDefined();
		expect(takes("one more", 60 * MINUTE)).toBeDefined();
		expect(made - sources).toBe(LOG_KINDS_MAX + 3);
	});
});
