import type { Status } from "../../../../tools/start/demonstration.js";
import { compose, type Line } from "../../../../tools/start/live-view.js";

const STATUS: Status = {
	device: "sensor-1",
	firmware: "firmware 0.1.0",
	address: "mqtts://127.0.0.1:8883",
	state: "stable",
	network: "up",
	broker: "up",
	readings: 7,
	refused: 1,
	missing: 0,
	waiting: 2,
	reconnects: 3,
};

function lines(count: number, name: string): Line[] {
	return Array.from({ length: count }, (_, index) => ({
		at: 0,
		text: `${name} ${index}`,
		tone: "plain" as const,
	}));
}

describe("compose", () => {
	it("fills exactly the rows of the terminal, the keys on the last one", () => {
		for (let rows = 8; rows < 60; rows++) {
			for (const [readings, events] of [
				[0, 0],
				[100, 100],
				[100, 0],
				[0, 100],
				[3, 2],
			] as const) {
				const screen = compose(STATUS, lines(readings, "r"), lines(events, "e"), rows);
				expect(screen).toHaveLength(rows);
				expect(screen.at(-1)?.text).toContain("q quit");
			}
		}
	});

	it("shows the newest of each list", () => {
		const screen = compose(STATUS, lines(100, "reading"), lines(100, "event"), 30)
			.map(({ text }) => text)
			.join("\n");
		expect(screen).toContain("reading 99");
		expect(screen).toContain("event 99");
		expect(screen).not.toContain("reading 0\n");
	});

	it("warns when something is missing or down", () => {
		const tones = (status: Status) =>
			compose(status, [], [], 12)
				.slice(1, 3)
				.map(({ tone }) => tone);
		expect(tones(STATUS)).toEqual(["good", "plain"]);
		expect(tones({ ...STATUS, network: "cut" })).toEqual(["bad", "plain"]);
		expect(tones({ ...STATUS, missing: 1 })).toEqual(["good", "bad"]);
	});

	it("has a screen before there is a status", () => {
		expect(compose(undefined, [], lines(1, "e"), 10)).toHaveLength(10);
	});
});
