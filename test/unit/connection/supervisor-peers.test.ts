import type { FailureClass } from "../../../src/connection/failure.js";
import { DEFAULT_TIMINGS } from "../../../src/connection/timings.js";
import {
	ACCEPT,
	refuse,
	SupervisorWorld,
	type Script,
	type TestSession,
} from "./supervisor-world.js";

const HOUR = 3_600_000;
const { stableMs, backoffBaseMs, backoffMaxMs } = DEFAULT_TIMINGS;

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

	it("stays with a server that was not to blame", () => {
		const found: (FailureClass | undefined)[] = ["time-untrusted", "tls-resources"];
		const world = new SupervisorWorld({ more: { beforeAttempt: () => found.shift() } });
		world.servers = servers;
		world.supervisor.start();
		world.until(() => world.sessions.length === 1, HOUR);
		expect(world.classes).toEqual(["time-untrusted", "tls-resources"]);
		expect(world.session.request.host).toBe("primary");
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

describe("Supervisor, one of a thousand", () => {
	it("comes back from a broker's restart spread out, and soon", () => {
		const DOWN_MS = 30_000;
		const perSecond = new Map<number, number>();
		const backMs: number[] = [];
		for (let seed = 0; seed < 1000; seed++) {
			const world = new SupervisorWorld({ seed });
			world.goStable();
			const closedMs = world.clock.monotonicMs();
			world.script = (session) => {
				const afterMs = world.clock.monotonicMs() - closedMs;
				const second = Math.floor(afterMs / 1000);
				perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
				if (afterMs < DOWN_MS) session.events.onClosed("tcp");
				else ACCEPT(session, world);
			};
			world.session.events.onClosed("closed-by-peer");
			world.until(() => world.supervisor.state === "online", HOUR);
			backMs.push(world.clock.monotonicMs() - closedMs);
		}
		const afterwards = [...perSecond].filter(([second]) => second >= DOWN_MS / 1000);
		const peak = Math.max(...afterwards.map(([, count]) => count));
		expect(peak).toBeLessThan(60);
		backMs.sort((left, right) => left - right);
		expect(backMs[500]).toBeLessThan(2 * DOWN_MS);
		expect(backMs[950]).toBeLessThan(4 * DOWN_MS);
		expect(backMs[999]).toBeLessThan(DOWN_MS + backoffMaxMs);
	});
});
