import { TokenBucket } from "../../../src/policy/token-bucket.js";

const SIZE = { burst: 10, perSecond: 2 };

describe("TokenBucket", () => {
	it("is full at first and never fuller", () => {
		const bucket = new TokenBucket(SIZE, 1000);
		expect(bucket.available(1000)).toBe(10);
		expect(bucket.available(1_000_000)).toBe(10);
	});

	it("is refilled by time alone", () => {
		const bucket = new TokenBucket(SIZE, 0);
		bucket.spend(10, 0);
		expect(bucket.available(0)).toBe(0);
		expect(bucket.available(499)).toBe(0);
		expect(bucket.available(500)).toBe(1);
		expect(bucket.available(2_500)).toBe(5);
	});

	it("says how long to wait, and is right about it", () => {
		const bucket = new TokenBucket(SIZE, 0);
		bucket.spend(10, 0);
		expect(bucket.waitMs(0, 0)).toBe(0);
		expect(bucket.waitMs(1, 0)).toBe(500);
		expect(bucket.available(500)).toBe(1);
		expect(bucket.waitMs(3, 500)).toBe(1000);
	});

	it("can be overdrawn, and waits for the debt", () => {
		const bucket = new TokenBucket(SIZE, 0);
		bucket.spend(13, 0);
		expect(bucket.isOverdrawn(0)).toBe(true);
		expect(bucket.available(0)).toBe(0);
		expect(bucket.waitMs(0, 0)).toBe(1500);
		expect(bucket.isOverdrawn(1500)).toBe(false);
	});

	it("owes at most one full bucket", () => {
		const bucket = new TokenBucket(SIZE, 0);
		bucket.spend(1_000_000, 0);
		expect(bucket.waitMs(0, 0)).toBe(5000);
	});

	it("takes a clock that stands still, or seems to go back, for no time at all", () => {
		const bucket = new TokenBucket(SIZE, 5000);
		bucket.spend(10, 5000);
		expect(bucket.available(1000)).toBe(0);
	});
});
