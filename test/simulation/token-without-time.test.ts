// A device that logs in with a token and has no time: its own network may be dead, which a restart
// mends, or there is no time server, which none does. Found by the simulator.

import { FieldBench, HOUR, MINUTE } from "../support/field-bench.js";

function waiting(): FieldBench {
	const token = { kind: "token", audience: "a", user: "u", lifetimeS: 3600 } as const;
	const bench = new FieldBench({ configuration: { authentication: token } });
	bench.board.clock.isSNTPBlocked = true;
	bench.board.powerOn();
	bench.run(MINUTE);
	expect(bench.isOnline).toBe(false);
	return bench;
}

function restarts(bench: FieldBench): number {
	return bench.boots.filter(({ reason }) => reason === "software").length;
}

describe("a device with tokens and without time", () => {
	it("restarts where its network is dead as well", () => {
		const bench = waiting();
		bench.board.link.hangDriver();
		bench.run(3 * HOUR);
		expect(restarts(bench)).toBe(1);
	});

	it("waits where names are resolved, for no restart brings the time", () => {
		const bench = waiting();
		bench.run(10 * HOUR);
		expect(restarts(bench)).toBe(0);
		bench.board.clock.heal();
		bench.board.clock.poll();
		bench.until(() => bench.isOnline, 10 * MINUTE);
	});
});
