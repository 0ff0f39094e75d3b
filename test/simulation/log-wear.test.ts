// What the worst day costs the flash of the security log, measured on the chip's partition of 128
// KiB: the figures of src/security-log/README.md come from here.

import { LOG_BOOT_HOLD_MS, LOG_PARTITION_BYTES } from "../../src/limits.js";
import { CATALOGUE } from "../../src/security-log/catalogue.js";
import { LogImage, LogLife } from "../support/log-bench.js";

const BLOCKS = LOG_PARTITION_BYTES / 4096;
const MINUTES_A_DAY = 1440;
const LONG = "x".repeat(40);
const LONGEST = {
	isSecurity: true,
	reason: LONG,
	operator: LONG,
	topic: LONG,
	host: LONG,
	code: LONG,
	path: LONG,
	stage: LONG,
};

function erasesOf({ chip }: LogImage): number {
	return chip.erases.reduce((sum, count) => sum + count, 0);
}

/** Erases of each block on one day of a log that is full, and entries written. */
function dayOf(minute: (life: LogLife) => void): { erases: number; entries: number } {
	const image = new LogImage(BLOCKS);
	const life = new LogLife(image);
	const day = () => {
		for (let count = 0; count < MINUTES_A_DAY; count++) {
			minute(life);
			life.work();
			life.upload();
		}
	};
	day(); // the first day fills it
	const before = erasesOf(image);
	const first = life.entries.at(-1)?.counter ?? 0;
	day();
	const entries = (life.entries.at(-1)?.counter ?? 0) - first;
	return { erases: (erasesOf(image) - before) / BLOCKS, entries };
}

describe("the security log on 128 KiB of flash", () => {
	it("is erased eight times a day at the most, if every event is provoked all the time", () => {
		const { erases, entries } = dayOf((life) => {
			for (let variant = 0; variant < 8; variant++) {
				const kind = `${variant}${LONG}`;
				const by = { operator: kind, step: kind, failureClass: kind, reason: kind, path: kind };
				for (const name of Object.keys(CATALOGUE)) life.report({ ...LONGEST, ...by, name });
			}
		});
		expect(entries).toBeLessThanOrEqual(1584);
		expect(erases).toBeCloseTo(7.2, 0);
	});

	it("is hardly erased by a flood of one kind", () => {
		const { erases, entries } = dayOf((life) => {
			for (let count = 0; count < 60; count++) {
				life.report({ ...LONGEST, name: "signature-rejected" });
			}
		});
		expect(entries).toBeLessThanOrEqual(144);
		expect(erases).toBeCloseTo(0.5, 0);
	});

	it("is not erased by boots that somebody provokes, until they last five minutes", () => {
		const erases = (bootMs: number) => {
			const image = new LogImage(BLOCKS);
			const boots = 4 * BLOCKS;
			for (let boot = 0; boot < boots; boot++) {
				const life = new LogLife(image);
				life.report({ name: "device-booted", reason: "power-on", mode: "normal" });
				life.report({ name: "provisioning-refused", step: "unlock", code: "locked" });
				life.report({ name: "signature-rejected", reason: "malformed" });
				life.clock.advance(bootMs);
				life.log.work();
			}
			return ((erasesOf(image) / boots) * (86_400_000 / bootMs)) / BLOCKS;
		};
		expect(erases(240_000)).toBe(0);
		expect(erases(LOG_BOOT_HOLD_MS)).toBeCloseTo(9, 0);
	});

	it("holds two hundred of the longest entries, and 350 ordinary ones", () => {
		const holds = (details: object) => {
			const life = new LogLife(new LogImage(BLOCKS));
			for (let count = 0; count < 500; count++) {
				life.clock.advance(600_000);
				life.report({ name: "command-refused", ...details });
			}
			return life.entries.length;
		};
		expect(holds({ ...LONGEST, sequence: 1e15 })).toBeGreaterThan(200);
		expect(
			holds({ reason: "replayed", sequence: 12, operator: "0011223344556677" }),
		).toBeGreaterThan(340);
	});
});
