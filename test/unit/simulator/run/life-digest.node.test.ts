// The digest of a life is of all that it did and left: one byte more or less in a payload, on a
// chip or in the key-value storage makes another.

import { drawPlan } from "../../../../hosts/simulator/run/plan.js";
import { runLife } from "../../../../hosts/simulator/run/life.js";
import { mixRemains, Trace } from "../../../../hosts/simulator/run/trace.js";
import { Statistics } from "../../../../hosts/simulator/run/statistics.js";
import { World } from "../../../../hosts/simulator/world.js";
import { nodeParts } from "../../../../tools/sim/node-parts.js";

const { sha256 } = nodeParts();
const PLAN = drawPlan({ seed: 1, profile: "calm", days: 0.01 });

/** Changes bytes of every stand-in signature of a message, no length, and no name of a key. */
function otherSHA256(bytes: Parameters<typeof sha256>[0]): ArrayBuffer {
	const digest = new Uint8Array(sha256(bytes));
	if (bytes.byteLength > 100) digest[0] = (digest[0] as number) ^ 1;
	return digest.buffer;
}

/** The published payloads as the trace has them, without their bytes. */
function withoutBytes(lines: readonly string[]): string[] {
	return lines.map((line) => line.replace(/ crc=\d+/, ""));
}

describe("the digest of a life", () => {
	it("is another when only the bytes of its payloads differ", () => {
		const first = runLife(PLAN, { sha256, keepsTrace: true });
		const again = runLife(PLAN, { sha256, keepsTrace: true });
		const other = runLife(PLAN, { sha256: otherSHA256, keepsTrace: true });
		expect(first.trace.some((line) => line.includes(" crc="))).toBe(true);
		expect(again.digest).toBe(first.digest);
		expect(withoutBytes(other.trace)).toEqual(withoutBytes(first.trace));
		expect(other.trace).not.toEqual(first.trace);
		expect(other.statistics.toJSON()).toEqual(first.statistics.toJSON());
		expect(other.digest).not.toBe(first.digest);
	});

	it("is another when only what is left on a chip, in a key or as a number differs", () => {
		const digestAfter = (change: (parts: ReturnType<typeof remains>) => void) => {
			const parts = remains();
			change(parts);
			const trace = new Trace({ clock: parts.world.clock, keepsLines: false });
			mixRemains(trace, [parts.board], parts.statistics);
			return trace.digest;
		};
		const digests = [
			() => undefined,
			({ board }: ReturnType<typeof remains>) => board.outboxChip.plant(Uint8Array.of(1), 5000),
			({ board }: ReturnType<typeof remains>) => board.logChip.plant(Uint8Array.of(1), 5000),
			({ board }: ReturnType<typeof remains>) => board.keyValue.plant("a", "b", Uint8Array.of(1)),
			({ statistics }: ReturnType<typeof remains>) => void statistics.counts.sessions++,
		].map(digestAfter);
		expect(digestAfter(() => undefined)).toBe(digests[0]);
		expect(new Set(digests).size).toBe(digests.length);
	});
});

function remains() {
	const world = new World({ seed: 1, sha256 });
	return { world, board: world.addBoard({ name: "sensor-1" }), statistics: new Statistics() };
}
