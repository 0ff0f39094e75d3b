import { Progress } from "../../../src/connection/progress.js";
import { DEFAULT_TIMINGS } from "../../../src/connection/timings.js";
import { PROGRESS_TASKS_MAX } from "../../../src/limits.js";
import { VirtualClock } from "../../../hosts/simulator/clock.js";
import { VirtualTimer } from "../../../hosts/simulator/timer.js";
import { TestWatchdog } from "./supervisor-world.js";

const { watchdogMs, progressWaitMs } = DEFAULT_TIMINGS;

function start() {
	const clock = new VirtualClock();
	const timer = new VirtualTimer(clock);
	const watchdog = new TestWatchdog();
	const stalled: string[] = [];
	const timings = DEFAULT_TIMINGS;
	const onStalled = (name: string): void => void stalled.push(name);
	const progress = new Progress({ clock, timer, watchdog, timings, onStalled });
	progress.start();
	/** Feeds while `ms` pass. */
	const feedsIn = (ms: number): number => {
		const before = watchdog.feeds;
		clock.advance(ms);
		return watchdog.feeds - before;
	};
	return { clock, timer, watchdog, stalled, progress, feedsIn };
}

describe("Progress", () => {
	it("starts the watchdog and feeds it several times in its period while nothing is late", () => {
		const { watchdog, feedsIn } = start();
		expect(watchdog.timeoutMs).toBe(watchdogMs);
		expect(feedsIn(watchdogMs)).toBe(4);
	});

	it("feeds only as the loop turns: without timers there is no feed", () => {
		const { timer, feedsIn } = start();
		timer.clearAll();
		expect(feedsIn(10 * watchdogMs)).toBe(0);
	});

	it("stops feeding when one of several tasks is late, and names it", () => {
		const { progress, stalled, watchdog, feedsIn, clock } = start();
		const busy = progress.register("sample", 20_000);
		progress.register("uplink", 20_000);
		for (let count = 0; count < 4; count++) {
			clock.advance(5_000);
			busy.made();
		}
		feedsIn(5_000);
		busy.made();
		expect(feedsIn(watchdogMs)).toBe(0);
		expect(stalled).toEqual(["uplink", "sample"]);
		expect(watchdog.stages).toContain("!uplink");
		expect(progress.late).toEqual(["sample", "uplink"]);
	});

	it("feeds again when the late task makes progress, and retains the stage again", () => {
		const { progress, watchdog, feedsIn } = start();
		progress.stage("online");
		const task = progress.register("uplink", 1_000);
		expect(feedsIn(watchdogMs)).toBe(0);
		task.made();
		const later = setEvery(task.made, 500);
		expect(feedsInSteps(feedsIn, later)).toBeGreaterThan(0);
		expect(watchdog.stages[watchdog.stages.length - 1]).toBe("online");
	});

	it("accepts a scheduled wait, and not a moment more than it with its deadline", () => {
		const { progress, feedsIn, clock } = start();
		const task = progress.register("link", 10_000);
		task.wait(clock.monotonicMs() + 600_000);
		expect(feedsIn(610_000)).toBe(Math.floor(610_000 / (watchdogMs / 4)));
		expect(feedsIn(watchdogMs)).toBe(0);
	});

	it("does not accept a wait without end", () => {
		const { progress, feedsIn } = start();
		progress.register("link", 10_000).wait(Number.POSITIVE_INFINITY);
		feedsIn(progressWaitMs + 10_000);
		expect(feedsIn(watchdogMs)).toBe(0);
	});

	it("takes a wait into the past for one until now", () => {
		const { progress, feedsIn, clock } = start();
		clock.advance(100_000);
		progress.register("link", 30_000).wait(0);
		expect(feedsIn(30_000)).toBe(4);
	});

	it("forgets a released task", () => {
		const { progress, feedsIn } = start();
		const task = progress.register("once", 1_000);
		task.release();
		task.release();
		expect(feedsIn(10 * watchdogMs)).toBe(40);
	});

	it("retains a stage once, and refuses one that the port cannot hold", () => {
		const { progress, watchdog } = start();
		progress.stage("securing");
		progress.stage("securing");
		expect(watchdog.stages).toEqual(["securing"]);
		expect(() => progress.stage("sixteen letters!")).toThrow("at most 15 characters");
	});

	it("bounds its tasks", () => {
		const { progress } = start();
		for (let count = 0; count < PROGRESS_TASKS_MAX; count++) progress.register(`t${count}`, 1);
		expect(() => progress.register("more", 1)).toThrow("tasks are within their limit");
	});

	it("stops in order: no timer is left and the watchdog is closed", () => {
		const { progress, timer, watchdog } = start();
		progress.stop();
		progress.stop();
		expect(timer.active).toBe(0);
		expect(watchdog.timeoutMs).toBe(0);
	});
});

/** Calls `act` before each of the steps in which {@link feedsInSteps} moves time on. */
function setEvery(act: () => void, stepMs: number) {
	return { act, stepMs };
}

function feedsInSteps(
	feedsIn: (ms: number) => number,
	{ act, stepMs }: { act: () => void; stepMs: number },
): number {
	let feeds = 0;
	for (let elapsedMs = 0; elapsedMs < watchdogMs; elapsedMs += stepMs) {
		act();
		feeds += feedsIn(stepMs);
	}
	return feeds;
}
