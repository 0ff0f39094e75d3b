// Hours offline in a process of its own, started with --expose-gc: prints what the run came to.
// With the word "leak" the firmware keeps two numbers of each reading for ever.

import { runOffline } from "../../hosts/simulator/run/offline.js";
import { Uplink } from "../../src/uplink.js";
import { nodeParts } from "../../tools/sim/node-parts.js";
import { collectedHeap, heapGrowth } from "../../tools/sim/heap-growth.js";

const [, , hours, leak] = process.argv;
if (leak !== undefined) {
	const kept: number[] = [];
	const { accept } = Uplink.prototype;
	Uplink.prototype.accept = function (message) {
		const accepted = accept.call(this, message);
		if (accepted.kind === "accepted") kept.push(accepted.sequence, message.payload.length);
		return accepted;
	};
}
const result = runOffline({
	hours: Number(hours),
	sampleIntervalMs: 1000,
	outboxBlocks: 8,
	sha256: nodeParts().sha256,
	usedBytes: () => collectedHeap() as number,
});
process.stdout.write(`${JSON.stringify({ ...result, growthBytes: heapGrowth(result) })}\n`);
