// The modules of the chip on XS, over a chip that is played: the checklists that the Linux half of
// the modules passes, unchanged, and that of what only the chip has.
import { buildChipBoard, type ChipBoard } from "../../support/chip-board.js";
import { engine } from "../../support/engine.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";

const BUILD_MS = 300_000;

describe("the chip's modules on XS", () => {
	const boards = new Map<string, ChipBoard>();

	function boardOf(name: string, flags: readonly string[]): ChipBoard {
		const board = boards.get(name) ?? buildChipBoard(name, flags);
		boards.set(name, board);
		return board;
	}

	async function failures(name: string, board: ChipBoard): Promise<readonly string[]> {
		const folder = new TemporaryFolder();
		const bundle = engine.bundle(`chip-${name}`, [`test/engine/native/${name}.ts`]);
		const ignored = () => undefined;
		const run = await engine.run(bundle, [folder.path], ignored, board.program, board.env);
		folder.remove();
		expect(engine.summary(run).tests).toBeGreaterThan(1);
		return engine.summary(run).failed;
	}

	function itPasses(name: string, behaviour: string, board: string, ...flags: string[]): void {
		const run = async () => expect(await failures(name, boardOf(board, flags))).toEqual([]);
		engine.it(behaviour, run, BUILD_MS);
	}

	itPasses("chip", "Wi-Fi, Ethernet, clocks, and what differs from Linux", "chip");
	itPasses("parts", "watchdog, entropy, system", "chip");
	itPasses("storage", "key-value storage, and flash that is encrypted", "chip");
	itPasses("keys", "keys and crypto", "chip");
	itPasses("usb-serial", "the serial line over USB", "chip");
	const other = "-DHOLDFAST_BOARD_WITH_ALL";
	itPasses("usb-serial", "the serial line over a UART", "chip-with-all", other);
	itPasses("chip-light", "a light, and a build time of its own", "chip-with-all", other);
});
