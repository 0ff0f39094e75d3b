// The native half of the XS host under AddressSanitizer and UndefinedBehaviorSanitizer: its
// checklists, lives and resets, and a board with the whole firmware.
import { createServer } from "node:net";
import { engine } from "../support/engine.js";
import { Installation } from "../support/installation.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

const BUILD_MS = 300_000;
const nothing = () => undefined;

describe("the XS host under sanitizers", () => {
	engine.it(
		"passes the checklists of its classes",
		async () => {
			const program = engine.sanitizedProgram();
			const server = createServer((peer) => peer.on("error", nothing).pipe(peer));
			await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
			const { port } = server.address() as { port: number };
			const folder = new TemporaryFolder();
			const joining = engine.script("joining", "test/engine/scripts/joining.ts");
			const parts = engine.bundle("parts-sanitized", ["test/engine/native/parts.ts"]);
			const joined = await engine.run(joining, [`${port}`], nothing, program);
			const checked = await engine.run(parts, [folder.path], nothing, program);
			server.close();
			folder.remove();
			expect(joined).toEqual({ code: 0, lines: ["echoed 300 times"], errors: "" });
			expect(checked.errors).toBe("");
			expect(engine.summary(checked).failed).toEqual([]);
		},
		BUILD_MS,
	);

	engine.it(
		"runs the whole firmware through a crash, a restart and a power cut",
		async () => {
			const board = { devicePath: engine.sanitizedProgram(), timeScale: 0.2 };
			const installation = await Installation.create({ kind: "aedes", host: "linux", board });
			await installation.listen();
			await installation.provision();
			await installation.readings(3);
			for (const misfortune of ["crash", "restart"] as const) {
				installation.board.provoke(misfortune);
				await installation.nextEvent("connection-online");
			}
			await installation.board.powerCut();
			await installation.nextEvent("connection-online");
			await installation.readings(6);
			const printed = installation.eventsNamed("device-output").map(({ text }) => String(text));
			await installation.close();
			expect(printed.filter((text) => /Sanitizer|runtime error/.test(text))).toEqual([]);
			expect(installation.observer.refused).toBe(0);
		},
		BUILD_MS,
	);
});
