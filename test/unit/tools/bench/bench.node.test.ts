// The bench's command line. What is measured here takes no time: a part whose tools are missing.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { parseBenchArguments, PART_NAMES } from "../../../../tools/bench/bench-arguments.js";
import { UsageError } from "../../../../tools/command-line.js";

const PROGRAM = "build/bench.js";

function run(words: readonly string[], environment: Record<string, string> = {}) {
	return new Promise<{ code: number; output: string; errors: string }>((resolve) => {
		const child = execFile(
			process.execPath,
			[PROGRAM, ...words],
			{ env: { ...process.env, ...environment } },
			(_, output, errors) => resolve({ code: child.exitCode ?? -1, output, errors }),
		);
	});
}

describe("the command line of the bench", () => {
	it("takes all parts unless some are named", () => {
		expect(parseBenchArguments([])).toEqual({
			json: false,
			gate: false,
			only: [...PART_NAMES],
			messages: 100_000,
		});
		const some = parseBenchArguments(["--only", "wire", "signatures", "--gate"]);
		expect(some).toMatchObject({ gate: true, only: ["wire", "signatures"] });
	});

	it("refuses what it does not know", () => {
		expect(() => parseBenchArguments(["--only", "speed"])).toThrow(UsageError);
		expect(() => parseBenchArguments(["--messages", "7"])).toThrow(UsageError);
		expect(() => parseBenchArguments(["--fast"])).toThrow(UsageError);
	});

	const built = existsSync(PROGRAM) ? it : it.skip;
	built("explains itself, with every part", async () => {
		const { code, output } = await run(["--help"]);
		expect(code).toBe(0);
		for (const word of ["--json", "--gate", "--messages", ...PART_NAMES]) {
			expect(output).toContain(word);
		}
	});

	built("names a tool that is missing, and fails its gate only when asked", async () => {
		const words = ["--only", "handshakes", "--json"];
		const nothing = { PATH: "/nonexistent" };
		const { code, output, errors } = await run(words, nothing);
		expect(code).toBe(0);
		const { ok, failed } = JSON.parse(output) as { ok: boolean; failed: string[] };
		expect({ ok, failed }).toEqual({ ok: false, failed: ["full to resumed handshake"] });
		expect(errors).toContain("sudo apt-get install valgrind");
		expect((await run([...words, "--gate"], nothing)).code).toBe(1);
	});

	built("ends a wrong command line with one line and exit code 2", async () => {
		const { code, errors } = await run(["--only", "speed"]);
		expect(code).toBe(2);
		expect(errors.trim().split("\n")).toHaveLength(1);
	});
});
