// The modules of the chip on XS, over a chip that is played: the checklists that the Linux half of
// the modules passes, unchanged, and that of what only the chip has.
import { buildChipBoard, type ChipBoard } from "../../support/chip-board.js";
import { engine } from "../../support/engine.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";

const BUILD_MS = 300_000;

describe("the chip's modules on XS", () => {
	let board: ChipBoard | undefined;

	async function failures(name: string): Promise<readonly string[]> {
		board ??= buildChipBoard();
		const folder = new TemporaryFolder();
		const bundle = engine.bundle(`chip-${name}`, [`test/engine/native/${name}.ts`]);
		const ignored = () => undefined;
		const run = await engine.run(bundle, [folder.path], ignored, board.program, board.env);
		folder.remove();
		expect(engine.summary(run).tests).toBeGreaterThan(5);
		return engine.summary(run).failed;
	}

	const checklists: Readonly<Record<string, string>> = {
		chip: "Wi-Fi, Ethernet, clocks, and what differs from Linux",
		parts: "watchdog, entropy, system",
		storage: "key-value storage, and flash that is encrypted",
		keys: "keys and crypto",
		"usb-serial": "the serial line",
	};
	for (const [name, behaviour] of Object.entries(checklists)) {
		engine.it(behaviour, async () => expect(await failures(name)).toEqual([]), BUILD_MS);
	}
});
