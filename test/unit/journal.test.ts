// The journal: when it works, and how much it hands to the outbox at once.

import { VirtualClock } from "../../hosts/simulator/clock.js";
import { VirtualFlashStorage } from "../../hosts/simulator/flash-storage.js";
import { VirtualTimer } from "../../hosts/simulator/timer.js";
import { Journal } from "../../src/journal.js";
import { LOG_CHECKPOINT_MS } from "../../src/limits.js";
import type { Ports } from "../../src/ports.js";
import { LOG_KEY, LogImage } from "../support/log-bench.js";
import { toyDigest } from "../support/toy-digest.js";

function journalOf({ chip, keyValue }: LogImage) {
	const clock = new VirtualClock();
	const ports: Partial<Ports> = {
		clock,
		timer: new VirtualTimer(clock),
		flash: new VirtualFlashStorage({ log: chip }),
		crypto: { sha256: toyDigest } as never,
		report: () => undefined,
	};
	const journal = new Journal({
		ports: ports as Ports,
		timeScale: 1,
		headStore: () => keyValue.open({ path: "hf-log", format: "buffer" }),
		signer: () => LOG_KEY,
		now: () => undefined,
	});
	return { clock, journal };
}

describe("Journal", () => {
	it("hands a backlog over bit by bit: four batches now, four more in a minute", () => {
		const { clock, journal } = journalOf(new LogImage());
		for (let slot = 0; slot < 90; slot++) {
			clock.advance(600_000);
			journal.ports.report({ name: "credential-promoted", slot });
		}
		clock.advance(LOG_CHECKPOINT_MS);
		let batches = 0;
		journal.attach({ isOnline: () => true, accept: () => ++batches > 0 });
		journal.online();
		expect(batches).toBe(4);
		clock.advance(LOG_CHECKPOINT_MS);
		expect(batches).toBe(8);
	});
});
