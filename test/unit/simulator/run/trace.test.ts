import { simulatedTime, Trace } from "../../../../hosts/simulator/run/trace.js";

function traced(notes: readonly (readonly [number, string, string, object?])[]): Trace {
	let nowMs = 0;
	const trace = new Trace({ clock: { monotonicMs: () => nowMs }, keepsLines: true });
	for (const [atMs, who, what, detail] of notes) {
		nowMs = atMs;
		trace.note(who, what, detail as Record<string, unknown>);
	}
	return trace;
}

describe("Trace", () => {
	it("has the same digest for the same notes, and another for any that differs", () => {
		const same = traced([[1, "a", "b", { c: 1, d: "e" }]]).digest;
		expect(traced([[1, "a", "b", { c: 1, d: "e" }]]).digest).toBe(same);
		const others = [
			traced([[2, "a", "b", { c: 1, d: "e" }]]),
			traced([[1, "ab", "", { c: 1, d: "e" }]]),
			traced([[1, "a", "b", { c: 2, d: "e" }]]),
			traced([[1, "a", "b", { c: 1, d: "f" }]]),
			traced([[1, "a", "b", { c: 0.5, d: "e" }]]),
			traced([]),
		];
		const digests = others.map(({ digest }) => digest).concat(same);
		expect(new Set(digests).size).toBe(digests.length);
	});

	it("depends on the order of the notes", () => {
		const [first, second] = [
			[1, "a", "b"],
			[1, "b", "a"],
		] as const;
		expect(traced([first, second]).digest === traced([second, first]).digest).toBe(false);
	});

	it("mixes in what no line tells: bytes, names, numbers and where they stand", () => {
		const digestOf = (value: unknown) => {
			const trace = traced([[1, "a", "b"]]);
			trace.mix(value);
			expect(trace.lines).toHaveLength(1);
			return trace.digest;
		};
		const same = { a: [1, 0.5], b: Uint8Array.of(1, 2, 3) };
		expect(digestOf({ ...same })).toBe(digestOf(same));
		const others = [
			{ ...same, b: Uint8Array.of(1, 2, 4) },
			{ ...same, b: Uint8Array.of(1, 2, 3, 0) },
			{ ...same, a: [1, 0.25] },
			{ ...same, a: [0.5, 1] },
			{ a: same.a, c: same.b },
			undefined,
		];
		const digests = others.map(digestOf).concat(digestOf(same));
		expect(new Set(digests).size).toBe(digests.length);
	});

	it("tells what happened in lines", () => {
		const { lines } = traced([
			[3_723_004, "sensor-1", "failed", { name: "x", code: 7, no: undefined }],
		]);
		expect(lines).toEqual(["01:02:03.004  sensor-1  failed code=7"]);
	});

	it("says simulated times beyond a day in hours", () => {
		expect(simulatedTime(90_000_000)).toBe("25:00:00.000");
	});
});
