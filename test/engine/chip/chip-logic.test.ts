// What the chip's modules decide, run on this machine under sanitizers: the logic that knows
// nothing of the chip, and flash, NVS and entropy over an ESP-IDF of the test's own.
import { execFileSync } from "node:child_process";
import { buildProgram, describeWhere, missingFor } from "../../support/c-program.js";

const missing = missingFor("gcc", { "stdlib.h": "libc6-dev" });

function itBehaves(program: () => string, uses: Readonly<Record<string, string>>): void {
	for (const [use, behaviour] of Object.entries(uses)) {
		it(behaviour, () => {
			expect(execFileSync(program(), [use], { encoding: "utf8" })).toBe("");
		});
	}
}

describeWhere(missing, "the logic of the chip", () => {
	let program = "";
	beforeAll(() => {
		program = buildProgram({
			name: "chip-logic",
			sources: [
				"test/engine/chip/logic.c",
				"modules/system/system-build-time.c",
				"modules/watchdog/watchdog-retained.c",
				"modules/wifi/wifi-state.c",
			],
			includes: ["modules/system", "modules/watchdog", "modules/wifi"],
		});
	});

	itBehaves(() => program, {
		retaining: "keeps the stage from life to life, and not where the power was away",
		damage: "believes no retained memory with a flipped bit",
		reasons: "names each of the chip's sixteen reasons, and an unannounced restart an abort",
		feeding: "lets the hardware fire within a tick of the time that was asked for, never before",
		joining: "is up with an association, an address and a gateway, and not without one of them",
		waiting: "waits longer after each refusal, and joins at once where a network went away",
		deaf: "joins and gives up attempts although no event ever comes",
		building: "takes the day that the compiler noted, less one, and nothing else",
	});
});

describeWhere(missing, "the storage of the chip", () => {
	let program = "";
	beforeAll(() => {
		program = buildProgram({
			name: "chip-storage",
			sources: [
				"test/engine/chip/storage.c",
				"modules/entropy/entropy-source-esp32.c",
				"modules/flash-partition/flash-partition-esp32.c",
				"modules/nvs/nvs-esp32.c",
			],
			includes: [
				"test/support/idf",
				"modules/binding",
				"modules/entropy",
				"modules/flash-partition",
				"modules/nvs",
			],
			flags: ["-DESP_PLATFORM", "-DESP32=4", "-DHOLDFAST_CHIP_ESP32C3", "-Wno-undef"],
		});
	});

	itBehaves(() => program, {
		programming: "programs a unit once between erases, reads every part of it, erases blocks",
		encrypted: "shows erased units as 0xff where flash is encrypted, too",
		worn: "notices by reading back that flash did not take a program or an erase",
		table: "refuses partitions that are not there, or of blocks of another size",
		storing: "opens the partition hf-nvs with the chip's keys, or says that it cannot be read",
		restarting: "empties the default partition when three starts in a row end before script",
		chance: "feeds the generator by the converter, and leaves that to the radio while it is on",
	});
});
