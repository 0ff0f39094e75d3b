import { VirtualClock } from "../../../hosts/simulator/clock.js";
import { VirtualTimer } from "../../../hosts/simulator/timer.js";
import { Deadlines } from "../../../src/mqtt/deadlines.js";

function setUp(): {
	clock: VirtualClock;
	timer: VirtualTimer;
	deadlines: Deadlines<"a" | "b">;
	due: string[];
} {
	const clock = new VirtualClock();
	const timer = new VirtualTimer(clock);
	const due: string[] = [];
	const onDue = (name: string): void => void due.push(`${name} ${clock.monotonicMs()}`);
	const deadlines = new Deadlines<"a" | "b">({ clock, timer, onDue });
	return { clock, timer, due, deadlines };
}

describe("Deadlines", () => {
	it("calls back at each deadline, on one timer", () => {
		const { clock, timer, due, deadlines } = setUp();
		deadlines.set("a", 300);
		deadlines.set("b", 200);
		expect(timer.active).toBe(1);
		expect(deadlines.has("a")).toBe(true);
		clock.advance(1000);
		expect(due).toEqual(["b 200", "a 300"]);
		expect(deadlines.has("a")).toBe(false);
		expect(timer.active).toBe(0);
	});

	it("moves a deadline in both directions", () => {
		const { clock, due, deadlines } = setUp();
		deadlines.set("a", 100);
		clock.advance(50);
		deadlines.set("a", 100);
		deadlines.set("b", 500);
		deadlines.set("b", 10);
		clock.advance(1000);
		expect(due).toEqual(["b 60", "a 150"]);
	});

	it("drops a cleared one, also when an earlier one of the same moment clears it", () => {
		const { clock, due, deadlines } = setUp();
		deadlines.set("a", 100);
		deadlines.clear("a");
		clock.advance(1000);
		expect(due).toEqual([]);
		const timer = new VirtualTimer(clock);
		const both: Deadlines<"a" | "b"> = new Deadlines({
			clock,
			timer,
			onDue: (name) => {
				due.push(name);
				both.clear("b");
			},
		});
		both.set("a", 10);
		both.set("b", 10);
		clock.advance(10);
		expect(due).toEqual(["a"]);
	});

	it("calls nothing back after close", () => {
		const { clock, timer, due, deadlines } = setUp();
		deadlines.set("a", 100);
		deadlines.close();
		deadlines.set("b", 100);
		clock.advance(1000);
		expect(due).toEqual([]);
		expect(timer.active).toBe(0);
	});

	it("never calls back from inside set", () => {
		const { clock, due, deadlines } = setUp();
		deadlines.set("a", 0);
		expect(due).toEqual([]);
		clock.advance(0);
		expect(due).toEqual(["a 0"]);
	});
});
