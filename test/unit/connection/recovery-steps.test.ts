import { refuse, SupervisorWorld } from "./supervisor-world.js";

const HOUR = 3_600_000;

function inSafeMode(): SupervisorWorld {
	let world = new SupervisorWorld();
	for (let count = 0; count < 4; count++) {
		world = new SupervisorWorld({ keyValue: world.keyValue, lastReset: "panic" });
	}
	return world;
}

describe("RecoverySteps", () => {
	it("asks for time and credentials again while failures go on", () => {
		let rechecks = 0;
		const world = new SupervisorWorld({ more: { recheck: () => void rechecks++ } });
		world.script = refuse("connack-credentials");
		world.supervisor.start();
		world.until(() => world.classes.length === 6, 10 * HOUR);
		expect(rechecks).toBe(3);
	});

	it("goes on trying the normal mode where a restart does nothing, within the budget", () => {
		const world = inSafeMode();
		world.supervisor.start();
		world.clock.advance(10 * HOUR);
		expect(world.restarts.filter((cause) => cause === "safe-mode-retry")).toHaveLength(3);
	});

	it("leaves no timer and no task behind in safe mode when it stops", () => {
		const world = inSafeMode();
		world.progress.start();
		world.supervisor.start();
		world.supervisor.stop();
		expect(world.timer.active).toBe(1); // the watchdog's own
		world.clock.advance(9 * HOUR);
		expect(world.progress.late).toEqual([]);
		expect(world.restarts).toEqual([]);
	});
});

describe("the supervisor as a task of the watchdog", () => {
	it("is never late in a session that goes on for days", () => {
		const world = new SupervisorWorld({ more: { silenceMs: () => 120_000 } });
		world.progress.start();
		world.goStable();
		for (let minute = 0; minute < 2 * 24 * 60; minute++) {
			world.supervisor.progress("ping-response");
			world.clock.advance(60_000);
			expect(world.progress.late).toEqual([]);
		}
		expect(world.supervisor.state).toBe("stable");
	});

	it("saves the uptime in a long outage, so that spent reboots are forgiven", () => {
		const world = new SupervisorWorld();
		world.bootRecord.spendReboot();
		world.script = refuse("connack-credentials");
		world.supervisor.start();
		world.clock.advance(25 * HOUR);
		const next = new SupervisorWorld({ keyValue: world.keyValue, lastReset: "software" });
		expect(next.bootRecord.rebootsSpent).toBe(0);
	});
});
