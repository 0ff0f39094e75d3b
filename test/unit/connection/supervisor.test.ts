import type { FailureClass } from "../../../src/connection/failure.js";
import type { SupervisorState } from "../../../src/connection/supervisor-options.js";
import { DEFAULT_TIMINGS, scaledTimings } from "../../../src/connection/timings.js";
import { REBOOTS_PER_DAY_MAX } from "../../../src/limits.js";
import { ACCEPT, refuse, SupervisorWorld, type Script } from "./supervisor-world.js";

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

	function expectStopped(world: SupervisorWorld): void {
		expect(world.supervisor.state).toBe("stopped");
		expect(world.timer.active).toBe(0);
		expect(world.sessions.every(({ isClosed }) => isClosed)).toBe(true);
		expect(world.resolversOpen).toBe(0);
		expect(world.restarts).toEqual([]);
	}

	it("may be stopped from inside any change of state", () => {
		for (const at of ["waiting", "resolving", "securing", "joining", "online"] as const) {
			const world: SupervisorWorld = new SupervisorWorld({
				more: { onState: (state) => void (state === at && world.supervisor.stop()) },
			});
			world.script = ACCEPT;
			world.supervisor.start();
			world.clock.advance(HOUR);
			expectStopped(world);
		}
	});

	it("may be stopped from inside any event", () => {
		const names = ["connection-online", "connection-stable", "connection-failed"];
		for (const at of [...names, "reconnect-planned", "reboot-denied", "link-restarted"]) {
			const world: SupervisorWorld = new SupervisorWorld({
				more: { onEvent: ({ name }) => void (name === at && world.supervisor.stop()) },
			});
			for (let count = 0; count < REBOOTS_PER_DAY_MAX; count++) world.bootRecord.spendReboot();
			world.goStable();
			world.supervisor.reconnect("operator");
			world.script = refuseAndCount;
			world.clock.advance(9 * HOUR);
			expectStopped(world);
		}
	});

	/** A refused session is over: nobody need close it. */
	const refuseAndCount: Script = (session) => {
		session.isClosed = true;
		session.events.onClosed("tcp");
	};

	it("may be stopped from inside the look before an attempt", () => {
		const world: SupervisorWorld = new SupervisorWorld({
			more: { beforeAttempt: () => void world.supervisor.stop() as undefined },
		});
		world.supervisor.start();
		world.clock.advance(HOUR);
		expectStopped(world);
	});
});

describe("Supervisor and the record of boots", () => {
	it("reports the first stable session: crashes before it count, and after it do not", () => {
		const world = new SupervisorWorld();
		world.goOnline();
		const again = () => new SupervisorWorld({ keyValue: world.keyValue, lastReset: "watchdog" });
		const crashed = again();
		expect(crashed.bootReport.failedBoots).toBe(1);
		crashed.goStable();
		expect(again().bootReport.failedBoots).toBe(0);
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
