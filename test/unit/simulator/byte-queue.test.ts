import { ByteQueue } from "../../../hosts/simulator/byte-queue.js";
import { Random } from "../../../hosts/simulator/random.js";

describe("ByteQueue", () => {
	it("gives back what was pushed, in any portions", () => {
		const random = new Random(1);
		const queue = new ByteQueue();
		const pushed: number[] = [];
		const taken: number[] = [];
		for (let turn = 0; turn < 500; turn++) {
			const bytes = random.bytes(random.integer(0, 20));
			queue.push(bytes);
			pushed.push(...bytes);
			const most = random.integer(0, 30);
			const length = queue.byteLength;
			const part = random.oneIn(2) ? queue.take(most) : new Uint8Array(queue.takeBuffer(most));
			expect(part).toHaveLength(Math.min(most, length));
			taken.push(...part);
		}
		taken.push(...queue.take());
		expect(taken).toEqual(pushed);
		expect(queue.byteLength).toBe(0);
	});

	it("hands out buffers that hold nothing else", () => {
		const queue = new ByteQueue();
		queue.push(Uint8Array.of(1, 2, 3));
		expect(queue.takeBuffer(2).byteLength).toBe(2);
		queue.push(Uint8Array.of(4));
		queue.clear();
		expect(queue.byteLength).toBe(0);
		expect(queue.take()).toHaveLength(0);
	});
});
