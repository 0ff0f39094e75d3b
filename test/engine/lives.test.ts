// How a life on the XS host ends, and what the next one knows of it: the watchdog in endless loops,
// restarts, a full heap, and mistakes in script.
import { engine, type EngineRun } from "../support/engine.js";
import { withPlantedNatives } from "../support/planted-natives.js";

interface Life {
	readonly boot: number;
	readonly reason: string;
	readonly stage: string;
}

let bundle: string | undefined;

function live(...ends: string[]): Promise<EngineRun> {
	bundle ??= engine.script("lives", "test/engine/scripts/lives.ts");
	return engine.run(bundle, ends);
}

function reports({ lines }: EngineRun): Record<string, unknown>[] {
	return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function lives(run: EngineRun): Life[] {
	return reports(run).filter(({ boot }) => boot !== undefined) as unknown as Life[];
}

describe("a life on the XS host", () => {
	engine.it(
		"is ended by the watchdog in an endless loop of script, of C, and in sleep",
		async () => {
			const run = await live("loop-in-script", "loop-in-c", "waits-for-ever");
			expect(lives(run)).toEqual([
				{ boot: 1, reason: "power-on", stage: "" },
				{ boot: 2, reason: "watchdog", stage: "stage 1" },
				{ boot: 3, reason: "watchdog", stage: "stage 2" },
				{ boot: 4, reason: "watchdog", stage: "stage 3" },
			]);
			expect(run.code).toBe(0);
		},
	);

	engine.it("begins again where the system was asked for it", async () => {
		const run = await live("restart");
		expect(lives(run).at(-1)).toEqual({ boot: 2, reason: "software", stage: "stage 1" });
	});

	engine.it("begins again after a fault in C, which the next one is told", async () => {
		bundle ??= engine.script("lives", "test/engine/scripts/lives.ts");
		const env = withPlantedNatives();
		const run = await engine.run(bundle, ["fault-in-c"], undefined, undefined, env);
		expect(run.errors).toContain("panic: signal 11");
		expect(lives(run).at(-1)).toEqual({ boot: 2, reason: "panic", stage: "stage 1" });
		expect(run.code).toBe(0);
	});

	engine.it("keeps the path of its pseudo-terminal", async () => {
		const run = await live("restart", "loop-in-c", "restart");
		const paths = reports(run).flatMap(({ path }) => (path === undefined ? [] : [path]));
		expect(paths).toHaveLength(4);
		expect(new Set(paths).size).toBe(1);
	});

	for (const [end, error] of [
		["memory-full", "memory full"],
		["chunks-full", "memory full"],
		["stack-full", "stack overflow"],
	] as const) {
		engine.it(`ends in a reported restart: ${end}`, async () => {
			const run = await live(end);
			expect(reports(run)).toContainEqual({ event: "device-aborted", error });
			expect(lives(run).at(-1)).toEqual({ boot: 2, reason: "abort", stage: "stage 1" });
			expect(run.code).toBe(0);
		});
	}

	for (const [end, error, frame] of [
		["exception", "TypeError: a mistake", "at inner"],
		["rejection", "RangeError: nobody cares", "at rejection"],
	] as const) {
		engine.it(`ends with code 71 and a stack: ${end}`, async () => {
			const run = await live(end);
			expect(run.code).toBe(71);
			expect(run.errors).toContain(error);
			expect(run.errors).toContain(frame);
			expect(lives(run)).toHaveLength(1);
		});
	}
});
