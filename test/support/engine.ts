// The XS host for tests: builds it, bundles TypeScript for it and runs that. Where the compiler or
// the libraries are missing the tests say so and are skipped, except in continuous integration.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

/** build.sh ends with it when something must be installed first. */
const EXIT_MISSING = 3;

export interface EngineRun {
	readonly code: number | null;
	readonly lines: readonly string[];
	readonly errors: string;
}

interface Summary {
	readonly tests: number;
	readonly failures: number;
	readonly failed: readonly string[];
}

function missing(): string | undefined {
	const built = spawnSync("hosts/linux/build.sh", { encoding: "utf8" });
	if (built.status === 0) return undefined;
	if (built.status !== EXIT_MISSING || process.env.CI) {
		throw new Error(`the XS host was not built:\n${built.stderr}`);
	}
	return built.stderr.trim().replaceAll("\n", "; ");
}

const reason = missing();
const folder = "build/engine";
const PROGRAM = resolve("build/linux/xs-host");
mkdirSync(folder, { recursive: true });

export const engine = {
	program: PROGRAM,

	/** The same program under AddressSanitizer and UndefinedBehaviorSanitizer. */
	sanitizedProgram(): string {
		execFileSync("hosts/linux/build.sh", ["SANITIZE=1", "OPTIMIZE=-O1"], { stdio: "pipe" });
		return resolve("build/linux-sanitized/xs-host");
	},

	/** `it`, or a visible skip with what must be installed. */
	it(name: string, run: () => Promise<void>, timeoutMs = 60_000): void {
		if (reason === undefined) it(name, run, timeoutMs);
		else it.skip(`${name} (${reason})`, run);
	},

	/** `describe` once for the Node host and once for the XS host, or a visible skip of that. */
	describeOnEachHost(name: string, body: (host: "node" | "linux") => void): void {
		describe(`${name}, on Node`, () => body("node"));
		if (reason === undefined) describe(`${name}, on XS`, () => body("linux"));
		else describe.skip(`${name}, on XS (${reason})`, () => body("linux"));
	},

	/** Bundles `files` with the shim; the bundle runs the tests that they declare. */
	bundle(name: string, files: readonly string[]): string {
		const out = resolve(folder, `${name}.js`);
		execFileSync(process.execPath, ["test/support/engine-bundle.js", "tests", out, ...files]);
		return out;
	},

	/** Bundles a program that is no test. */
	script(name: string, file: string): string {
		const out = resolve(folder, `${name}.js`);
		execFileSync(process.execPath, ["test/support/engine-bundle.js", "script", out, file]);
		return out;
	},

	/** `onLine` sees each line of output as it comes. */
	run(
		bundle: string,
		values: readonly string[] = [],
		onLine: (line: string) => void = () => undefined,
		program: string = PROGRAM,
		env: NodeJS.ProcessEnv = process.env,
	): Promise<EngineRun> {
		return new Promise((done) => {
			const child = spawn(program, [bundle, ...values], { env });
			const lines: string[] = [];
			let errors = "";
			createInterface(child.stdout).on("line", (line) => {
				lines.push(line);
				onLine(line);
			});
			child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
			child.on("close", (code) => done({ code, lines, errors }));
		});
	},

	/** What the shim reported. */
	summary({ lines, errors }: EngineRun): Summary {
		const reports = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
		const last = reports.at(-1);
		if (typeof last?.tests !== "number") {
			throw new Error(`the tests did not end:\n${lines.slice(-3).join("\n")}\n${errors}`);
		}
		const failed = reports.filter((report) => report.failed !== undefined);
		return {
			tests: last.tests,
			failures: last.failures as number,
			failed: failed.map((report) => `${String(report.failed)}: ${String(report.error)}`),
		};
	},
};
