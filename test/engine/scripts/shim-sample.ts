// Tests of which three must fail: see test/engine/unit-tests.test.ts.
const calls: string[] = [];

describe("a sample", () => {
	beforeEach(() => {
		calls.push("before");
	});

	afterEach(() => {
		calls.push("after");
	});

	it("passes", () => {
		expect({ a: 1, b: undefined, c: new Uint8Array([1]) }).toEqual({
			c: new Uint8Array([1]),
			a: 1,
		});
		expect(() => {
			throw new RangeError("too long");
		}).toThrow(RangeError);
	});

	it("fails on a value", () => {
		expect(1).toBe(2);
	});

	it("fails in a promise", async () => {
		await null;
		expect([1]).not.toEqual([1]);
	});

	it("fails without an exception", () => {
		expect(() => 1).toThrow();
	});

	it("ran the hooks around each", () => {
		expect(calls).toHaveLength(9);
	});
});
