import { TimeTrust } from "../../../src/credentials/time-trust.js";
import {
	COMMAND_LIFETIME_S_MAX,
	SIGNED_TIME_DELAY_S_MAX,
	TIME_FLOOR_STEP_S_MIN,
	TIME_SPAN_S_MAX,
} from "../../../src/limits.js";
import { PatientStorage } from "../../../src/patient-storage.js";
import { VirtualClock } from "../../../hosts/simulator/clock.js";
import { VirtualKeyValue } from "../../../hosts/simulator/key-value.js";
import { PowerSupply } from "../../../hosts/simulator/power.js";
import { StorageError } from "../../../hosts/simulator/storage-error.js";

const BUILD = 1_790_000_000;
const DAY = 86_400;
const YEAR = 365 * DAY;
const TRUTH = BUILD + 100 * DAY;

/** One board: its boots share the storage. */
class Board {
	readonly power = new PowerSupply();
	readonly keyValue = new VirtualKeyValue({ power: this.power });
	clock = new VirtualClock();
	readonly raised: string[] = [];

	boot(buildTime = BUILD): TimeTrust {
		this.clock = new VirtualClock();
		this.clock.advance(7_000);
		const store = new PatientStorage(this.keyValue).open({
			path: "hf-time",
			format: "buffer",
			mode: "r+",
		});
		return new TimeTrust({
			clock: this.clock,
			store,
			buildTime,
			onRaised: ({ unixSeconds, by }) => this.raised.push(`${by} ${unixSeconds}`),
		});
	}

	sntp(unixSeconds: number): void {
		this.clock.setWallTime(unixSeconds, "sntp");
	}
}

describe("TimeTrust, the stored floor", () => {
	it("says who raised it, and nothing of what is not stored", () => {
		const board = new Board();
		const time = board.boot();
		time.certificateNotBefore(TRUTH);
		time.certificateNotBefore(TRUTH - DAY);
		time.signedTime(TRUTH + TIME_FLOOR_STEP_S_MIN - 1);
		time.signedTime(TRUTH + DAY);
		expect(board.raised).toEqual([`certificate ${TRUTH}`, `signed ${TRUTH + DAY}`]);
	});
});

describe("TimeTrust, the ladder", () => {
	it("knows nothing without a build time, and judges dates all the same", () => {
		const time = new Board().boot(0);
		expect(time.now()).toBeUndefined();
		expect(time.isTrusted).toBe(false);
		expect(time.judging()).toEqual({ unixSeconds: 0, isLowerBound: true });
	});

	it("begins with the build time as a lower bound", () => {
		const time = new Board().boot();
		expect(time.now()).toEqual({ unixSeconds: BUILD, quality: 1 });
		expect(time.judging()).toEqual({ unixSeconds: BUILD, isLowerBound: true });
	});

	it("takes the stored floor over the build time, and a newer build over the floor", () => {
		const board = new Board();
		board.boot().signedTime(TRUTH);
		expect(board.boot().now()).toEqual({ unixSeconds: TRUTH, quality: 2 });
		expect(board.boot(TRUTH + DAY).now()).toEqual({ unixSeconds: TRUTH + DAY, quality: 1 });
	});

	it("takes SNTP over the floor, and judges dates on both sides by it", () => {
		const board = new Board();
		const time = board.boot();
		board.sntp(TRUTH);
		expect(time.now()).toEqual({ unixSeconds: TRUTH, quality: 3 });
		expect(time.judging()).toEqual({ unixSeconds: TRUTH, isLowerBound: false });
		expect(time.isTrusted).toBe(true);
	});

	it("believes no wall time without SNTP", () => {
		const board = new Board();
		const time = board.boot();
		board.clock.setWallTime(TRUTH, "none");
		expect(time.now()?.quality).toBe(1);
	});

	it("takes signed time over SNTP and runs on from it", () => {
		const board = new Board();
		const time = board.boot();
		board.sntp(TRUTH + 2 * DAY);
		expect(time.signedTime(TRUTH)).toEqual({ kind: "taken" });
		expect(time.now()).toEqual({ unixSeconds: TRUTH, quality: 4 });
		board.clock.advance(90_500);
		expect(time.now()).toEqual({ unixSeconds: TRUTH + 90, quality: 4 });
	});

	it("lets the floor run with the uptime, a little slower than the clock", () => {
		const board = new Board();
		const time = board.boot();
		board.clock.advance(1_000_000_000);
		expect(time.now()?.unixSeconds).toBe(BUILD + 999_000);
	});
});

describe("TimeTrust, when SNTP lies", () => {
	it("ignores a time before the floor: ten years back change nothing", () => {
		const board = new Board();
		const time = board.boot();
		time.certificateNotBefore(TRUTH);
		board.sntp(TRUTH - 10 * YEAR);
		expect(time.now()).toEqual({ unixSeconds: TRUTH, quality: 2 });
		expect(time.judging()).toEqual({ unixSeconds: TRUTH, isLowerBound: true });
	});

	it("follows ten years forward only until it is told better, and forgets them at once", () => {
		const board = new Board();
		const time = board.boot();
		board.sntp(TRUTH + 10 * YEAR);
		expect(time.now()?.unixSeconds).toBe(TRUTH + 10 * YEAR);
		board.sntp(TRUTH);
		expect(time.now()).toEqual({ unixSeconds: TRUTH, quality: 3 });
	});

	it("never raises the floor by it: after a reboot the lie is gone", () => {
		const board = new Board();
		const time = board.boot();
		board.sntp(TRUTH + 10 * YEAR);
		time.now();
		time.judging();
		expect(board.power.operations).toBe(0);
		expect(board.boot().now()).toEqual({ unixSeconds: BUILD, quality: 1 });
	});

	it("ignores a lie in either direction once a time was signed", () => {
		const board = new Board();
		const time = board.boot();
		time.signedTime(TRUTH);
		for (const years of [-10, 10]) {
			board.sntp(TRUTH + years * YEAR);
			expect(time.now()).toEqual({ unixSeconds: TRUTH, quality: 4 });
			expect(time.judging()).toEqual({ unixSeconds: TRUTH, isLowerBound: false });
		}
	});

	it("ignores a time decades after the build", () => {
		const board = new Board();
		const time = board.boot();
		board.sntp(BUILD + TIME_SPAN_S_MAX + 1);
		expect(time.now()?.quality).toBe(1);
		board.sntp(Number.NaN);
		expect(time.now()?.quality).toBe(1);
	});
});

describe("TimeTrust, signed time", () => {
	// A command may wait in the broker: its time is then behind, by no more than commands may live.
	it("is refined by SNTP within the delay that a message may have had, and no further", () => {
		const board = new Board();
		const time = board.boot();
		time.signedTime(TRUTH);
		board.sntp(TRUTH + 1800);
		expect(time.now()).toEqual({ unixSeconds: TRUTH + 1800, quality: 4 });
		board.sntp(TRUTH + SIGNED_TIME_DELAY_S_MAX + 1);
		expect(time.now()).toEqual({ unixSeconds: TRUTH, quality: 4 });
	});

	// 1. The broker holds a command for an offline device. 2. It is fresh by its own terms hours
	// later. 3. Its time is taken. 4. A device that now disbelieves SNTP mints outdated tokens.
	it("leaves no device behind that obeys a command which waited for its whole life", () => {
		const board = new Board();
		const time = board.boot();
		board.sntp(TRUTH + COMMAND_LIFETIME_S_MAX - 1);
		time.signedTime(TRUTH);
		expect(time.now()?.unixSeconds).toBe(TRUTH + COMMAND_LIFETIME_S_MAX - 1);
	});

	it("is ignored when it is not later than what has passed: a replay moves nothing", () => {
		const board = new Board();
		const time = board.boot();
		time.signedTime(TRUTH);
		board.clock.advance(3_600_000);
		expect(time.signedTime(TRUTH + 60)).toEqual({ kind: "ignored", reason: "stale" });
		expect(time.signedTime(TRUTH)).toEqual({ kind: "ignored", reason: "stale" });
		expect(time.now()?.unixSeconds).toBe(TRUTH + 3600);
		expect(board.boot().signedTime(TRUTH)).toEqual({ kind: "ignored", reason: "stale" });
	});

	it("is ignored decades after the build: a wrong clock at the operator bricks nothing", () => {
		const board = new Board();
		const outcome = board.boot().signedTime(BUILD + TIME_SPAN_S_MAX + 1);
		expect(outcome).toEqual({ kind: "ignored", reason: "implausible" });
		expect(board.boot().now()?.unixSeconds).toBe(BUILD);
	});

	it("does not anchor the next boot: then it is a floor", () => {
		const board = new Board();
		board.boot().signedTime(TRUTH);
		expect(board.boot().now()).toEqual({ unixSeconds: TRUTH, quality: 2 });
	});
});

describe("TimeTrust, notBefore of a verified broker certificate", () => {
	it("raises the floor and is no estimate of now", () => {
		const board = new Board();
		const time = board.boot();
		time.certificateNotBefore(TRUTH);
		expect(time.now()).toEqual({ unixSeconds: TRUTH, quality: 2 });
		expect(time.judging().isLowerBound).toBe(true);
		expect(board.boot().now()).toEqual({ unixSeconds: TRUTH, quality: 2 });
	});

	it("lifts even a signed estimate that lies before it", () => {
		const time = new Board().boot();
		time.signedTime(TRUTH);
		time.certificateNotBefore(TRUTH + DAY);
		expect(time.now()).toEqual({ unixSeconds: TRUTH + DAY, quality: 4 });
	});

	it("is ignored decades after the build, and so is such a stored floor", () => {
		const board = new Board();
		board.boot().certificateNotBefore(BUILD + TIME_SPAN_S_MAX + 1);
		expect(board.boot().now()).toEqual({ unixSeconds: BUILD, quality: 1 });
		board.boot().certificateNotBefore(BUILD + TIME_SPAN_S_MAX);
		expect(board.boot(BUILD - DAY).now()).toEqual({ unixSeconds: BUILD - DAY, quality: 1 });
	});

	it("never lowers the floor and leaves a later estimate alone", () => {
		const board = new Board();
		const time = board.boot();
		board.sntp(TRUTH + DAY);
		time.certificateNotBefore(TRUTH);
		time.certificateNotBefore(TRUTH - DAY);
		time.certificateNotBefore(-1);
		expect(time.now()).toEqual({ unixSeconds: TRUTH + DAY, quality: 3 });
		expect(board.boot().now()?.unixSeconds).toBe(TRUTH);
	});
});

describe("TimeTrust, what is stored", () => {
	it("is written at most four times a day however often the time is signed", () => {
		const board = new Board();
		const time = board.boot();
		time.signedTime(TRUTH);
		const before = board.power.operations;
		for (let minute = 1; minute <= 24 * 60; minute++) {
			board.clock.advance(60_000);
			time.signedTime(TRUTH + minute * 60 + 100);
		}
		const writes = board.power.operations - before;
		expect(writes).toBeLessThanOrEqual(DAY / TIME_FLOOR_STEP_S_MIN);
		expect(writes).toBeGreaterThan(2);
		const floor = board.boot().now()?.unixSeconds as number;
		expect(TRUTH + DAY - floor).toBeLessThan(TIME_FLOOR_STEP_S_MIN + 200);
	});

	it("holds for the boot when it cannot be written", () => {
		const clock = new VirtualClock();
		const store = new VirtualKeyValue().open({ path: "hf-time", format: "buffer" });
		store.write = () => {
			throw new StorageError("storage-worn", "worn");
		};
		const time = new TimeTrust({ clock, store, buildTime: BUILD });
		expect(time.signedTime(TRUTH)).toEqual({ kind: "taken" });
		expect(time.now()?.unixSeconds).toBe(TRUTH);
	});

	it("counts for nothing when it is damaged or unbelievable", () => {
		const board = new Board();
		board.boot().signedTime(TRUTH);
		const good = board.keyValue.peek("hf-time", "floor") as Uint8Array;
		const damaged = [new Uint8Array(0), good.slice(1), new Uint8Array(12).fill(0xff)];
		for (let index = 0; index < good.length; index++) {
			const flipped = good.slice();
			flipped[index] = (flipped[index] as number) ^ 1;
			damaged.push(flipped);
		}
		for (const bytes of damaged) {
			board.keyValue.plant("hf-time", "floor", bytes);
			expect(board.boot().now()).toEqual({ unixSeconds: BUILD, quality: 1 });
		}
	});

	it("counts from when it can be read, and is not lowered before that", () => {
		const board = new Board();
		board.boot().signedTime(TRUTH);
		board.keyValue.isUnreadable = true;
		const time = board.boot();
		expect(time.judging()).toEqual({ unixSeconds: BUILD, isLowerBound: true });
		time.certificateNotBefore(BUILD + DAY); // rises, and lies before what cannot be read
		board.keyValue.isUnreadable = false;
		expect(time.judging()).toEqual({ unixSeconds: TRUTH, isLowerBound: true });
		expect(board.boot().now()).toEqual({ unixSeconds: TRUTH, quality: 2 });
	});

	it("survives a power cut at its write with the old floor or the new one", () => {
		for (const manner of ["before", "torn", "after"] as const) {
			const board = new Board();
			board.boot().signedTime(TRUTH);
			board.power.planCut({ operation: 2, manner, seed: 1 });
			expect(() => board.boot().signedTime(TRUTH + YEAR)).toThrow();
			board.power.restore();
			const floor = board.boot().now()?.unixSeconds as number;
			expect([TRUTH, TRUTH + YEAR]).toContain(floor);
		}
	});
});
