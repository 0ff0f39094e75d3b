import { FAILURES, type FailureClass } from "../../../src/connection/failure.js";
import type { SupervisorState } from "../../../src/connection/supervisor.js";
import { DEFAULT_TIMINGS, scaledTimings } from "../../../src/connection/timings.js";
import { REBOOTS_PER_DAY_MAX, TLS_HEAP_BLOCK_BYTES_MIN } from "../../../src/limits.js";
import {
	ACCEPT,
	refuse,
	refuseAfterTLS,
	SupervisorWorld,
	type Script,
	type TestSession,
} from "./supervisor-world.js";

const HOUR = 3_600_000;
const { connectMs, dnsMs, linkUpMs, stableMs, silenceMs, backoffBaseMs } = DEFAULT_TIMINGS;

describe("Supervisor, on its way", () => {
	it("walks from the backoff over name, TLS and CONNACK to stable", () => {
		const world = new SupervisorWorld();
		world.goStable();
		expect(world.states).toEqual([
			...["waiting", "resolving", "securing", "joining", "online", "stable"],
		]);
		expect(world.session.request.host).toBe("primary");
		expect(world.session.request.address).toBe("192.0.2.1");
		expect(world.resolversOpen).toBe(0);
		expect(world.named("connection-failed")).toEqual([]);
	});

	it("jitters even its first attempt", () => {
		const starts = Array.from({ length: 100 }, (_, seed) => {
			const world = new SupervisorWorld({ seed });
			world.goOnline();
			return world.attemptsAtMs[0] as number;
		});
		expect(Math.max(...starts)).toBeLessThanOrEqual(backoffBaseMs);
		expect(Math.max(...starts)).toBeGreaterThan(backoffBaseMs * 0.9);
		expect(Math.min(...starts)).toBeLessThan(backoffBaseMs * 0.1);
	});

	it("asks for an address, not for association", () => {
		const world = new SupervisorWorld();
		world.link.isUp = false;
		world.script = ACCEPT;
		world.supervisor.start();
		world.clock.advance(backoffBaseMs);
		expect(world.supervisor.state).toBe("link");
		world.link.set(true);
		expect(world.supervisor.state).toBe("online");
	});

	it("is stable after stableMs and one proof of progress, in either order", () => {
		const early = new SupervisorWorld();
		early.goOnline();
		early.supervisor.progress("acknowledged");
		early.clock.advance(stableMs - 1);
		expect(early.supervisor.state).toBe("online");
		early.clock.advance(1);
		expect(early.supervisor.state).toBe("stable");

		const late = new SupervisorWorld();
		late.goOnline();
		late.clock.advance(2 * stableMs);
		expect(late.supervisor.state).toBe("online");
		late.supervisor.progress("ping-response");
		expect(late.supervisor.state).toBe("stable");
	});

	it("ends a session that is silent for too long, before and after it was stable", () => {
		const online = new SupervisorWorld();
		online.goOnline();
		online.clock.advance(silenceMs);
		expect(online.classes[0]).toBe("silent");

		const stable = new SupervisorWorld({ more: { silenceMs: () => 100_000 } });
		stable.goStable();
		stable.supervisor.progress("ping-response");
		const { session } = stable;
		for (let count = 0; count < 10; count++) {
			stable.clock.advance(90_000);
			stable.supervisor.progress("ping-response");
		}
		expect(stable.supervisor.state).toBe("stable");
		stable.clock.advance(100_000);
		expect(stable.classes).toEqual(["silent"]);
		expect(session.isClosed).toBe(true);
	});

	it("looks at time and credentials before each attempt", () => {
		const found: (FailureClass | undefined)[] = ["time-untrusted", "credentials-missing"];
		const world = new SupervisorWorld({ more: { beforeAttempt: () => found.shift() } });
		world.goOnline();
		world.until(() => world.supervisor.state === "online", HOUR);
		expect(world.classes).toEqual(["time-untrusted", "credentials-missing"]);
		expect(world.sessions).toHaveLength(1);
	});

	it("waits where the configuration names no server", () => {
		const world = new SupervisorWorld();
		world.servers = [];
		world.supervisor.start();
		world.clock.advance(HOUR);
		expect(world.classes[0]).toBe("no-servers");
		expect(world.classes.length).toBeLessThan(30);
	});
});

describe("Supervisor, when nothing ever happens", () => {
	// Each row stops the world in one state. From each the supervisor must come back and try again.
	const rows: { state: SupervisorState; stop: (world: SupervisorWorld) => void; ms: number }[] = [
		{ state: "waiting", stop: () => {}, ms: backoffBaseMs },
		{ state: "link", stop: (world) => void (world.link.isUp = false), ms: linkUpMs },
		{ state: "resolving", stop: (world) => void (world.dns = "nothing"), ms: dnsMs },
		{ state: "securing", stop: () => {}, ms: connectMs },
		{
			state: "joining",
			stop: (world) => void (world.script = (session) => session.events.onSecured()),
			ms: connectMs,
		},
		{ state: "online", stop: (world) => void (world.script = ACCEPT), ms: silenceMs },
		{
			state: "stable",
			stop: (world) =>
				void (world.script = (session, { supervisor }) => {
					ACCEPT(session, world);
					supervisor.progress("ping-response");
				}),
			ms: silenceMs,
		},
	];

	for (const { state, stop, ms } of rows) {
		it(`leaves "${state}" by its deadline, and comes to it again`, () => {
			const world = new SupervisorWorld();
			stop(world);
			world.supervisor.start();
			expect(world.until(() => world.supervisor.state === state, 2 * HOUR)).toBe(true);
			const enteredMs = world.clock.monotonicMs();
			expect(world.until(() => world.supervisor.state !== state, 2 * HOUR)).toBe(true);
			expect(world.clock.monotonicMs() - enteredMs).toBeLessThanOrEqual(ms);
			for (let round = 0; round < 20; round++) {
				expect(world.until(() => world.supervisor.state === state, 2 * HOUR)).toBe(true);
				expect(world.until(() => world.supervisor.state !== state, 2 * HOUR)).toBe(true);
			}
		});
	}

	it("spends one budget on name, TLS and CONNACK together", () => {
		const world = new SupervisorWorld();
		world.script = (session) => {
			world.timer.set(() => session.events.onSecured(), connectMs - 1000);
		};
		world.supervisor.start();
		world.until(() => world.sessions.length === 1, backoffBaseMs);
		const startMs = world.attemptsAtMs[0] as number;
		expect(world.session.request.deadlineMs).toBe(startMs + connectMs);
		world.until(() => world.classes.length === 1, HOUR);
		expect(world.clock.monotonicMs()).toBe(startMs + connectMs);
		expect(world.classes).toEqual(["attempt-timeout"]);
		expect(world.named("connection-failed")[0]?.["phase"]).toBe("joining");
		expect(world.session.isClosed).toBe(true);
	});

	it("never leaves more than its own timers behind", () => {
		const world = new SupervisorWorld();
		world.script = refuse("tcp");
		world.supervisor.start();
		for (let count = 0; count < 1000; count++) {
			world.clock.runNext();
			expect(world.timer.active).toBeLessThanOrEqual(1);
		}
		expect(world.resolversOpen).toBe(0);
	});
});

describe("Supervisor, for each class of failure", () => {
	const inSession: FailureClass[] = ["closed-by-peer", "ping-timeout", "acknowledge-timeout"];
	inSession.push("write-stalled", "protocol-violation", "flood", "subscription-refused");
	inSession.push("tls-record", "local");

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

describe("Supervisor, kicked", () => {
	function kickAfter(ms: number): Script {
		return (session: TestSession, world: SupervisorWorld) => {
			ACCEPT(session, world);
			world.supervisor.progress("acknowledged");
			world.timer.set(() => {
				if (!session.isClosed) session.events.onClosed("closed-by-peer");
			}, ms);
		};
	}

	it("backs off although each connect succeeds", () => {
		const world = new SupervisorWorld();
		world.script = kickAfter(10);
		world.supervisor.start();
		world.clock.advance(HOUR);
		expect(world.sessions.length).toBeLessThan(10);
		expect(world.sessions.length).toBeGreaterThan(3);
	});

	it("names the duplicate client id once and stays away from then on", () => {
		const world = new SupervisorWorld();
		world.script = kickAfter(500);
		world.supervisor.start();
		world.clock.advance(10 * HOUR);
		expect(world.classes.slice(0, 4)).toEqual([
			...["kicked", "kicked", "duplicate-client-id", "duplicate-client-id"],
		]);
		expect(world.named("duplicate-client-id-suspected")).toHaveLength(1);
		expect(world.sessions.length / 10).toBeLessThan(4);
		expect(world.restarts).toEqual([]);
	});

	it("lets two devices with one client id do each other little harm", () => {
		// A broker that closes the old session when the id connects again [MQTT-3.1.4-2].
		let current: TestSession | undefined;
		const script: Script = (session, world) => {
			const old = current;
			current = session;
			ACCEPT(session, world);
			if (old && !old.isClosed && old !== session) old.events.onClosed("closed-by-peer");
		};
		const worlds = [new SupervisorWorld({ seed: 1 }), new SupervisorWorld({ seed: 2 })];
		for (const world of worlds) {
			world.script = script;
			world.supervisor.start();
		}
		for (let ms = 0; ms < 10 * HOUR; ms += 100) {
			for (const world of worlds) {
				world.clock.advance(100);
				if (ms % 30_000 === 0) world.supervisor.progress("ping-response");
			}
		}
		// The first to suspect stays away; the other then has sessions that last, and never suspects.
		for (const world of worlds) expect(world.sessions.length / 10).toBeLessThan(8);
		const suspicions = worlds.map((world) => world.named("duplicate-client-id-suspected").length);
		expect(Math.max(...suspicions)).toBe(1);
	});
});

describe("Supervisor, with several servers", () => {
	const servers = [
		{ host: "primary", port: 8883 },
		{ host: "backup", port: 8884 },
	];

	it("goes to the backup when the primary fails, and round again", () => {
		const world = new SupervisorWorld();
		world.servers = servers;
		world.script = refuse("tcp");
		world.supervisor.start();
		world.until(() => world.sessions.length === 4, HOUR);
		const hosts = world.sessions.map(({ request }) => request.host);
		expect(hosts).toEqual(["primary", "backup", "primary", "backup"]);
	});

	it("goes on to the backup when a name does not resolve", () => {
		const world = new SupervisorWorld();
		world.servers = servers;
		world.dns = "error";
		world.supervisor.start();
		world.until(() => world.classes.length === 2, HOUR);
		const hosts = world.named("connection-failed").map(({ host }) => host);
		expect(hosts).toEqual(["primary", "backup"]);
	});

	it("stays with the backup while it works, and asks the primary first after that", () => {
		const world = new SupervisorWorld();
		world.servers = servers;
		world.script = (session) => {
			if (session.request.host === "primary") session.events.onClosed("tcp");
			else ACCEPT(session, world);
		};
		world.supervisor.start();
		world.until(() => world.supervisor.state === "online", HOUR);
		world.supervisor.progress("ping-response");
		world.clock.advance(stableMs);
		expect(world.supervisor.state).toBe("stable");
		world.session.events.onClosed("closed-by-peer");
		world.until(() => world.sessions.length === 3, HOUR);
		expect(world.session.request.host).toBe("primary");
		world.until(() => world.supervisor.state === "online", HOUR);
		expect(world.session.request.host).toBe("backup");
	});

	it("follows a list that shrinks", () => {
		const world = new SupervisorWorld();
		world.servers = servers;
		world.script = refuse("tcp");
		world.supervisor.start();
		world.until(() => world.sessions.length === 1, HOUR);
		world.servers = servers.slice(0, 1);
		world.until(() => world.sessions.length === 3, HOUR);
		expect(world.session.request.host).toBe("primary");
	});
});

describe("Supervisor, when the address goes", () => {
	it("ends a session at once and is back soon after the address", () => {
		const world = new SupervisorWorld();
		world.goStable();
		world.clock.advance(600_000);
		world.link.set(false);
		expect(world.classes).toEqual(["link-lost"]);
		expect(world.session.isClosed).toBe(true);
		world.clock.advance(HOUR);
		world.link.set(true);
		expect(world.until(() => world.supervisor.state === "online", backoffBaseMs)).toBe(true);
	});

	it("gives up an attempt whose address goes", () => {
		const world = new SupervisorWorld();
		world.dns = "nothing";
		world.supervisor.start();
		world.until(() => world.supervisor.state === "resolving", HOUR);
		world.link.set(false);
		expect(world.classes).toEqual(["link-lost"]);
		expect(world.resolversOpen).toBe(0);
	});

	it("does not let a flapping link turn into a storm of attempts", () => {
		const world = new SupervisorWorld();
		world.supervisor.start();
		for (let second = 0; second < 3600; second++) {
			world.clock.advance(500);
			world.link.set(false);
			world.clock.advance(500);
			world.link.set(true);
		}
		expect(world.sessions.length).toBeLessThan(250);
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

describe("Supervisor, told what to do", () => {
	it("reconnects as planned without a failure, soon after a stable session", () => {
		const world = new SupervisorWorld();
		world.goStable();
		const { session } = world;
		world.supervisor.reconnect("token-renewal");
		expect(session.isClosed).toBe(true);
		expect(world.until(() => world.supervisor.state === "online", backoffBaseMs)).toBe(true);
		expect(world.classes).toEqual([]);
		expect(world.named("reconnect-planned")[0]?.["reason"]).toBe("token-renewal");
	});

	it("does not forgive failures by planned reconnects", () => {
		const world = new SupervisorWorld();
		world.script = refuse("connack-credentials");
		world.supervisor.start();
		for (let count = 0; count < 60; count++) {
			world.clock.advance(60_000);
			world.supervisor.reconnect("operator");
		}
		expect(world.sessions.length).toBeLessThan(60);
		expect(world.named("connection-failed").pop()?.["failures"]).toBeGreaterThan(5);
	});

	it("stops in order, whatever comes late, and starts again", () => {
		const world = new SupervisorWorld();
		world.goStable();
		const { session } = world;
		world.supervisor.stop();
		world.supervisor.stop();
		expect(session.isClosed).toBe(true);
		expect(world.timer.active).toBe(0);
		session.events.onConnected();
		session.events.onClosed("tcp");
		world.supervisor.progress("acknowledged");
		world.supervisor.reconnect("operator");
		expect(world.supervisor.state).toBe("stopped");
		expect(world.timer.active).toBe(0);
		world.supervisor.start();
		expect(world.until(() => world.supervisor.state === "online", HOUR)).toBe(true);
	});

	it("takes one end of a session for one failure", () => {
		const world = new SupervisorWorld();
		world.goStable();
		const { session } = world;
		session.events.onClosed("closed-by-peer");
		session.events.onClosed("tcp");
		session.events.onSecured();
		expect(world.classes).toEqual(["closed-by-peer"]);
		expect(world.supervisor.state).toBe("waiting");
	});

	it("may be stopped from inside any of its callbacks", () => {
		for (const at of ["resolving", "securing", "joining", "online"] as const) {
			const world: SupervisorWorld = new SupervisorWorld({
				more: { onState: (state) => void (state === at && world.supervisor.stop()) },
			});
			world.script = ACCEPT;
			world.supervisor.start();
			world.clock.advance(HOUR);
			expect(world.supervisor.state).toBe("stopped");
			expect(world.timer.active).toBe(0);
			expect(world.sessions.every(({ isClosed }) => isClosed)).toBe(true);
			expect(world.resolversOpen).toBe(0);
		}
	});
});

describe("Supervisor and the record of boots", () => {
	it("reports the first stable session", () => {
		const world = new SupervisorWorld();
		world.goOnline();
		const crashed = new SupervisorWorld({ keyValue: world.keyValue, lastReset: "watchdog" });
		crashed.goStable();
		const after = new SupervisorWorld({ keyValue: world.keyValue, lastReset: "watchdog" });
		expect(after.bootRecord.mode).toBe("normal");
	});

	it("tries the normal mode again after an hour in safe mode", () => {
		let world = new SupervisorWorld();
		for (let count = 0; count < 4; count++) {
			world = new SupervisorWorld({ keyValue: world.keyValue, lastReset: "panic" });
		}
		expect(world.bootRecord.mode).toBe("safe");
		world.goStable();
		world.clock.advance(HOUR);
		expect(world.restarts).toEqual(["safe-mode-retry"]);
		const next = new SupervisorWorld({ keyValue: world.keyValue, lastReset: "software" });
		expect(next.bootRecord.mode).toBe("normal");
	});
});

describe("Supervisor, scaled", () => {
	it("lives the same life at a hundredth of the time, but for what machines need", () => {
		const world = new SupervisorWorld({ timings: scaledTimings(0.01) });
		world.script = refuse("tcp");
		world.supervisor.start();
		world.clock.advance(HOUR / 100);
		const normal = new SupervisorWorld();
		normal.script = refuse("tcp");
		normal.supervisor.start();
		normal.clock.advance(HOUR);
		expect(Math.abs(world.sessions.length - normal.sessions.length)).toBeLessThanOrEqual(2);
	});
});
