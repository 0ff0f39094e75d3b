// Hostile bytes into native code, by libFuzzer: a short run from a recorded session, and the proof
// that the same run finds a bug when there is one. HOLDFAST_FUZZ_RUNS makes it longer,
// HOLDFAST_SEED replays one.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:tls";
import { buildProgram, describeWhere, missingFor, ROOT } from "../support/c-program.js";
import { TemporaryFolder } from "../support/temporary-folder.js";
import { closeAll, listen, pki } from "../support/tls-bench.js";
import { MBEDTLS_LIBRARIES } from "../support/mbedtls-libraries.js";
import { TLS_SOURCES } from "./tls-session/bench.js";

const RUNS = Number(process.env["HOLDFAST_FUZZ_RUNS"] ?? 3000);
const SEED = Number(process.env["HOLDFAST_SEED"] ?? Math.floor(Math.random() * 2 ** 31) + 1);

/** At most: the run ends where it finds what was planted. */
const PLANTED_RUNS = 100_000;

const missing = missingFor("clang", { "mbedtls/ssl.h": "libmbedtls-dev" }) ?? missingFuzzer();

function missingFuzzer(): string | undefined {
	const text = "int LLVMFuzzerTestOneInput(const char *b, long l) { return b == 0 && l == 0; }";
	const options = ["-fsanitize=fuzzer", "-x", "c", "-o", "/dev/null", "-"];
	const built = spawnSync("clang", options, { input: text });
	return built.status === 0 ? undefined : "sudo apt-get install libclang-rt-14-dev";
}

function build(name: string, sources: readonly string[]): string {
	return buildProgram({
		name,
		compiler: "clang",
		sanitizers: ["-g", "-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"],
		sources: ["test/engine/fuzz/tls-records.c", "test/engine/fuzz/deterministic.c", ...sources],
		includes: ["modules/tls-socket", "test/engine/fuzz"],
		flags: [...MBEDTLS_LIBRARIES, "-Wl,--wrap=getrandom,--wrap=time"],
	});
}

describeWhere(missing, "hostile records", () => {
	const folder = new TemporaryFolder();
	const corpus = folder.file("corpus");
	const authority = folder.file("authority.der");
	const environment = { ...process.env, HOLDFAST_FUZZ_AUTHORITY: authority };
	let program: string;

	beforeAll(async () => {
		mkdirSync(corpus);
		writeFileSync(authority, pki.authority.der);
		program = build("fuzz-tls-records", TLS_SOURCES);
		const own = { cert: pki.broker.pem, key: pki.broker.keyPEM, maxVersion: "TLSv1.2" } as const;
		const server = createServer({ ...own, ALPNProtocols: ["mqtt"] }, (peer) => {
			peer.on("error", () => undefined);
			peer.end("a line of application data");
		});
		const port = await listen(server);
		const recorded = await new Promise<Buffer>((resolve, reject) => {
			// Not synchronous: the server runs here.
			const child = spawn(program, [], {
				env: { ...environment, HOLDFAST_FUZZ_RECORD: `${port}` },
			});
			const parts: Buffer[] = [];
			child.stdout.on("data", (part: Buffer) => parts.push(part));
			child.on("close", (code) => {
				if (code === 0) resolve(Buffer.concat(parts));
				else reject(new Error(`recording ended with ${String(code)}`));
			});
		});
		writeFileSync(join(corpus, "session"), recorded);
		// Nothing in common: a fatal alert in place of an answer
		writeFileSync(join(corpus, "alert"), Buffer.from("0415030300020228", "hex"));
		closeAll();
	});
	afterAll(() => folder.remove());

	function fuzz(target: string, runs: number, seed: number) {
		const options = [`-runs=${runs}`, `-seed=${seed}`, "-max_len=6000", "-timeout=10"];
		const parts = [...options, "-verbosity=0", `-artifact_prefix=${folder.path}/`, corpus];
		const run = spawnSync(target, parts, { env: environment, encoding: "utf8" });
		return { status: run.status, errors: run.stderr };
	}

	it("begin with a recorded session that goes all the way", () => {
		const verbose = { ...environment, HOLDFAST_FUZZ_VERBOSE: "1" };
		const { stderr } = spawnSync(program, [join(corpus, "session")], {
			env: verbose,
			encoding: "utf8",
		});
		expect(stderr).toContain("open=1 status=-13");
	});

	it(`break nothing (seed ${SEED})`, () => {
		const { status, errors } = fuzz(program, RUNS, SEED);
		if (status !== 0) console.error(errors);
		expect(status).toBe(0);
	});

	it("find a bug that was planted: a number of the server's that is believed", () => {
		const [path = ""] = TLS_SOURCES.filter((source) => source.endsWith("/tls-session.c"));
		const text = readFileSync(join(ROOT, path), "utf8");
		const planted = folder.file("tls-session.c");
		const checked = "switch (alert) {";
		const believed = "static const bool known[64];\n\tif (known[alert])\n\t\treturn true;\n\t";
		expect(text).toContain(checked);
		writeFileSync(planted, text.replace(checked, `${believed}${checked}`));
		const sources = TLS_SOURCES.map((source) => (source === path ? planted : source));
		const { status, errors } = fuzz(build("fuzz-tls-planted", sources), PLANTED_RUNS, 1);
		expect(status).not.toBe(0);
		expect(errors).toMatch(/AddressSanitizer|runtime error/);
	});
});
