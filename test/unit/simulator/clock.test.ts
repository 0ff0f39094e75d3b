import { VirtualClock } from "../../../hosts/simulator/clock.js";
import { VirtualTimer } from "../../../hosts/simulator/timer.js";

describe("VirtualClock", () => {
	it("lets events happen in order of time, then of scheduling", () => {
		const clock = new VirtualClock();
		const seen: string[] = [];
		const note = (name: string) => () => void seen.push(`${name}@${clock.monotonicMs()}`);
		clock.schedule(note("b"), 20);
		clock.schedule(note("a"), 10);
		clock.schedule(note("c"), 20);
		clock.schedule(() => clock.schedule(note("nested"), 5), 12);
		clock.advance(19);
		expect(seen).toEqual(["a@10", "nested@17"]);
		clock.advance(1);
		expect(seen).toEqual(["a@10", "nested@17", "b@20", "c@20"]);
		expect(clock.waiting).toBe(0);
	});

	it("keeps order over many random events and cancellations", () => {
		const clock = new VirtualClock();
		const due: number[] = [];
		const events = Array.from({ length: 1000 }, (_, index) => {
			const atMs = (index * 7919) % 997;
			return clock.schedule(() => due.push(clock.monotonicMs()), atMs);
		});
		events.forEach((event, index) => index % 3 !== 0 && clock.cancel(event));
		expect(clock.waiting).toBe(334);
		clock.advance(1000);
		expect(due).toHaveLength(334);
		expect(due).toEqual([...due].sort((a, b) => a - b));
	});

	it("runs its wall clock from where it was set", () => {
		const clock = new VirtualClock();
		expect(clock.wallTime().quality).toBe("none");
		clock.advance(5000);
		clock.setWallTime(1_800_000_000, "sntp");
		clock.advance(2500);
		expect(clock.wallTime()).toEqual({ unixSeconds: 1_800_000_002, quality: "sntp" });
	});
});

describe("VirtualTimer", () => {
	it("never calls back from inside set, and repeats until it is cleared", () => {
		const clock = new VirtualClock();
		const timer = new VirtualTimer(clock);
		let fired = 0;
		timer.set(() => fired++, 0);
		expect(fired).toBe(0);
		clock.advance(0);
		expect(fired).toBe(1);
		const handle = timer.repeat(() => {
			if (++fired === 4) timer.clear(handle);
		}, 10);
		clock.advance(100);
		expect(fired).toBe(4);
		expect(timer.active).toBe(0);
		expect(clock.waiting).toBe(0);
	});

	it("fires nothing after clearAll", () => {
		const clock = new VirtualClock();
		const timer = new VirtualTimer(clock);
		let fired = 0;
		timer.set(() => fired++, 5);
		timer.repeat(() => fired++, 5);
		timer.clearAll();
		clock.advance(100);
		expect(fired).toBe(0);
	});
});
