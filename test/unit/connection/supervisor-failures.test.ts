import { FAILURES, type FailureClass } from "../../../src/connection/failure.js";
import { REBOOTS_PER_DAY_MAX, TLS_HEAP_BLOCK_BYTES_MIN } from "../../../src/limits.js";
import {
	ACCEPT,
	refuse,
	refuseAfterTLS,
	SupervisorWorld,
	type Script,
} from "./supervisor-world.js";

const HOUR = 3_600_000;

describe("Supervisor, for each class of failure", () => {
	const inSession: FailureClass[] = ["closed-by-peer", "ping-timeout", "acknowledge-timeout"];
	inSession.push("write-stalled", "protocol-violation", "flood", "subscription-refused");
	inSession.push("tls-record", "local", "packet-too-large", "receive-limit");

	for (const code of Object.keys(FAILURES) as FailureClass[]) {
		it(`survives a row of "${code}" and connects when it ends`, () => {
			const world = new SupervisorWorld();
			const script: Script = (session) => {
				if (inSession.includes(code)) ACCEPT(session, world);
				session.events.onClosed(code);
			};
			world.script = script;
			world.supervisor.start();
			world.clock.advance(24 * HOUR);
			const attemptsPerHour = world.sessions.length / 24;
			expect(attemptsPerHour).toBeLessThan(30);
			expect(attemptsPerHour).toBeGreaterThan(1);
			const isRebootable = FAILURES[code].ladder.includes("reboot");
			if (!isRebootable) expect(world.restarts).toEqual([]);
			expect(world.restarts.length).toBeLessThanOrEqual(REBOOTS_PER_DAY_MAX);
			world.script = ACCEPT;
			expect(world.until(() => world.supervisor.state === "online", HOUR)).toBe(true);
		});
	}

	it("reports the class, the code, the phase and the next step of each failure", () => {
		const world = new SupervisorWorld();
		world.script = refuseAfterTLS("tls-closed");
		world.supervisor.start();
		world.until(() => world.classes.length === 1, HOUR);
		const { delayMs, ...event } = world.named("connection-failed")[0] as Record<string, unknown>;
		expect(delayMs).toBeGreaterThanOrEqual(0);
		expect(event).toEqual({
			name: "connection-failed",
			failureClass: "closed-before-connack",
			code: "tls-closed",
			transportCode: undefined,
			phase: "joining",
			step: "socket",
			failures: 1,
			isSecurity: false,
			host: "primary",
			port: 8883,
		});
	});

	it("marks refusals of trust as security events", () => {
		const world = new SupervisorWorld();
		world.script = refuse("tls-pin");
		world.supervisor.start();
		world.until(() => world.classes.length === 1, HOUR);
		expect(world.named("connection-failed")[0]?.["isSecurity"]).toBe(true);
	});
});

describe("Supervisor, in a long outage", () => {
	it("keeps its attempts per hour bounded and restarts the interface now and then", () => {
		const world = new SupervisorWorld();
		world.script = refuse("tcp");
		world.supervisor.start();
		world.clock.advance(HOUR);
		const firstHour = world.sessions.length;
		expect(firstHour).toBeLessThan(50);
		world.clock.advance(9 * HOUR);
		expect((world.sessions.length - firstHour) / 9).toBeLessThan(35);
		expect(world.link.restarts).toBeGreaterThan(10);
	});

	it("reboots after hours of it, within the budget, and says once that no more is left", () => {
		const world = new SupervisorWorld();
		world.script = refuse("tcp");
		world.supervisor.start();
		world.clock.advance(20 * HOUR);
		expect(world.restarts).toEqual(["tcp", "tcp", "tcp"]);
		expect(world.named("reboot-requested")).toHaveLength(3);
		expect(world.named("reboot-denied")).toHaveLength(1);
		expect(world.named("reboot-denied")[0]?.["reason"]).toBe("budget");
	});

	it("counts the outage and its failures from the end of a stable session", () => {
		const world = new SupervisorWorld();
		world.script = refuse("tcp");
		world.supervisor.start();
		world.clock.advance(HOUR / 2);
		world.script = ACCEPT;
		world.until(() => world.supervisor.state === "online", HOUR);
		for (let count = 0; count < 600; count++) {
			world.supervisor.progress("ping-response");
			world.clock.advance(60_000);
		}
		expect(world.supervisor.state).toBe("stable");
		world.script = refuse("tcp");
		world.events.length = 0;
		world.session.events.onClosed("closed-by-peer");
		expect(world.named("connection-failed")[0]?.["failures"]).toBe(1);
		world.clock.advance(HOUR);
		expect(world.restarts).toEqual([]);
		world.clock.advance(HOUR);
		expect(world.restarts).toEqual(["tcp"]);
	});

	it("does not reboot in the first hour", () => {
		const world = new SupervisorWorld();
		world.script = refuse("tcp");
		world.supervisor.start();
		world.clock.advance(HOUR);
		expect(world.restarts).toEqual([]);
	});

	it("keeps the watchdog fed through a week without a network", () => {
		const world = new SupervisorWorld();
		world.link.isUp = false;
		world.progress.start();
		world.supervisor.start();
		let feeds = 0;
		for (let hour = 0; hour < 7 * 24; hour++) {
			world.clock.advance(HOUR);
			expect(world.watchdog.feeds).toBeGreaterThan(feeds + 400);
			feeds = world.watchdog.feeds;
			expect(world.progress.late).toEqual([]);
		}
	});

	it("lets the watchdog bite when its own timer is lost", () => {
		const world = new SupervisorWorld();
		world.supervisor.start();
		world.timer.clearAll();
		world.progress.start();
		world.clock.advance(HOUR);
		const { feeds } = world.watchdog;
		world.clock.advance(HOUR);
		expect(world.watchdog.feeds).toBe(feeds);
		expect(world.progress.late).toEqual(["link"]);
	});
});

describe("Supervisor, short of memory", () => {
	it("refuses an attempt before TLS, frees, and reboots within the budget", () => {
		let freed = 0;
		let block = TLS_HEAP_BLOCK_BYTES_MIN - 1;
		const more = {
			health: () => ({ largestFreeBlockBytes: block, freeHeapBytes: 68_000 }),
			freeMemory: () => void freed++,
		};
		const world = new SupervisorWorld({ more });
		world.script = ACCEPT;
		world.supervisor.start();
		world.until(() => world.restarts.length === 1, HOUR);
		expect(world.sessions).toHaveLength(0);
		expect(world.classes.slice(0, 4)).toEqual(new Array(4).fill("tls-resources"));
		expect(freed).toBe(3);
		expect(world.restarts).toEqual(["tls-resources"]);
		world.clock.advance(10 * HOUR);
		expect(world.restarts).toHaveLength(REBOOTS_PER_DAY_MAX);
		block = TLS_HEAP_BLOCK_BYTES_MIN;
		expect(world.until(() => world.supervisor.state === "online", HOUR)).toBe(true);
	});
});
