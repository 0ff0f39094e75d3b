// Which phase of a board's life a figure of its heap belongs to.
import { PhaseRecorder } from "../../../../tools/bench/measure-heap.js";

const memory = (slotCount: number, chunkBytes: number) => ({
	event: "engine-memory",
	slotCount,
	chunkBytes,
});

describe("the heap's phases", () => {
	it("begin with what the board reports, and keep the highest figures", () => {
		const recorder = new PhaseRecorder();
		recorder.see({ event: "device-booted" });
		recorder.see(memory(10, 100));
		recorder.see(memory(8, 120));
		recorder.see({ event: "reading-accepted" });
		recorder.see({ event: "connection-state", state: "waiting" });
		recorder.see(memory(9, 90));
		recorder.see({ event: "connection-state", state: "securing" });
		recorder.see(memory(20, 200));
		recorder.see({ event: "connection-online" });
		recorder.see(memory(21, 201));
		recorder.see({ event: "reading-accepted" });
		recorder.see(memory(22, 202));
		expect(recorder.use("booted")).toEqual({ slotsLive: 10, chunksLive: 120 });
		expect(recorder.use("connecting")).toEqual({ slotsLive: 20, chunksLive: 200 });
		expect(recorder.use("online")).toEqual({ slotsLive: 21, chunksLive: 201 });
		expect(recorder.use("publishing")).toEqual({ slotsLive: 22, chunksLive: 202 });
		expect(recorder.readings).toBe(1);
	});
});
