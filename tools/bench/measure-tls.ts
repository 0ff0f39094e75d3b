// What a TLS 1.2 connection with mutual authentication costs: instructions of its handshake, and
// bytes of the C heap, next to a client that uses the library alone.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import type { BenchContext, Bits } from "./bench-context.js";
import { type Figure, ratio } from "./figures.js";
import { findTool, MissingToolError, runProgram } from "./run-program.js";

const RESUMED_RATIO_MIN = 50;
const HEAP_BEYOND_LIBRARY_MAX = 4096;
const SOURCES = ["tls-judge", "tls-session", "tls-session-start", "tls-tickets"];
const LIBRARIES = ["mbedtls", "mbedx509", "mbedcrypto"].map((name) => `-l:lib${name}.a`);
const WRAPS = ["malloc", "calloc", "free"].map((name) => `-Wl,--wrap=${name}`);

interface Connection {
	readonly client: "session" | "library";
	readonly resumed: boolean;
	readonly created: number;
	readonly peak: number;
	readonly steady: number;
	readonly record: number;
}

/** A server for as long as `use` takes, and what the program needs to reach it. */
async function withServer<Result>(
	context: BenchContext,
	use: (words: readonly string[]) => Promise<Result>,
): Promise<Result> {
	const { certificate, key, authority } = await context.brokerIdentity();
	const server = createServer({
		cert: certificate,
		key,
		ca: authority,
		requestCert: true,
		rejectUnauthorized: true,
		maxVersion: "TLSv1.2",
	});
	const sockets = new Set<TLSSocket>();
	server.on("secureConnection", (socket) => {
		sockets.add(socket);
		socket.on("error", () => undefined);
		socket.on("close", () => sockets.delete(socket));
		socket.resume();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	try {
		const { port } = server.address() as AddressInfo;
		return await use([String(port), "localhost", ...(await identityFiles(context))]);
	} finally {
		for (const socket of sockets) socket.destroy();
		server.close();
	}
}

/** Authority, certificate and key of a client, DER in files. */
async function identityFiles(context: BenchContext): Promise<string[]> {
	const fleet = await context.fleet();
	const { certificate, key } = fleet.operatorIdentity("operator");
	const parts = {
		authority: new X509Certificate(readFileSync(fleet.authorityFile)).raw,
		certificate: new X509Certificate(certificate).raw,
		key: createPrivateKey(key).export({ format: "der", type: "sec1" }),
	};
	return Object.entries(parts).map(([name, bytes]) => {
		const path = context.file(`tls-${name}.der`);
		writeFileSync(path, bytes);
		return path;
	});
}

/** Builds tls-cost.c; the library is linked into it, so that its allocations are seen. */
async function buildTLSCost(context: BenchContext, bits: Bits): Promise<string> {
	context.progress(`building tls-cost, ${bits} bits`);
	const compiler = findTool("gcc", "gcc libc6-dev libmbedtls-dev");
	const output = context.file(`tls-cost-${bits}`);
	const module = context.project("modules/tls-socket");
	const sources = SOURCES.map((name) => join(module, `${name}.c`));
	const words = ["-O2", "-g", "-std=gnu99", `-I${module}`, `-m${bits}`, "-o", output];
	const main = context.project("tools/bench/native/tls-cost.c");
	try {
		await runProgram(compiler, [...words, main, ...sources, ...LIBRARIES, ...WRAPS]);
	} catch (error) {
		const suffix = bits === 32 ? ":i386 gcc-multilib" : "";
		const line = `sudo apt-get install libmbedtls-dev${suffix}`;
		throw new MissingToolError(`tls-cost.c was not built: ${line}`, { cause: error });
	}
	return output;
}

/** Instructions inside `functionName`. */
async function countInstructions(
	program: string,
	words: readonly string[],
	functionName: string,
): Promise<number> {
	const valgrind = findTool("valgrind", "valgrind");
	const { errors } = await runProgram(valgrind, [
		"--tool=callgrind",
		"--callgrind-out-file=/dev/null",
		`--toggle-collect=${functionName}`,
		program,
		"session",
		...words,
	]);
	const found = /Collected : (\d+)/.exec(errors)?.[1];
	if (found === undefined) throw new Error(`callgrind said nothing: ${errors.slice(-200)}`);
	return Number(found);
}

export async function measureHandshakes(context: BenchContext): Promise<Figure[]> {
	findTool("valgrind", "valgrind");
	const program = await buildTLSCost(context, 64);
	const count = (functionName: string) => {
		context.progress(`instructions of ${functionName}`);
		return withServer(context, (words) => countInstructions(program, words, functionName));
	};
	const full = await count("fullHandshake");
	const resumed = await count("resumedHandshake");
	return [
		{ name: "full TLS 1.2 handshake", unit: "instructions", value: full },
		{ name: "resumed TLS 1.2 handshake", unit: "instructions", value: resumed },
		{
			name: "full to resumed handshake",
			unit: "×",
			value: ratio(full, resumed),
			gate: { atLeast: RESUMED_RATIO_MIN },
		},
	];
}

async function heapOf(
	context: BenchContext,
	program: string,
	client: Connection["client"],
): Promise<Connection[]> {
	const { lines } = await withServer(context, (words) => runProgram(program, [client, ...words]));
	return lines.map((line) => JSON.parse(line) as Connection);
}

export async function measureTLSHeap(context: BenchContext): Promise<Figure[]> {
	let bits: Bits = 32;
	const program = await buildTLSCost(context, 32).catch(() => {
		bits = 64;
		return buildTLSCost(context, 64);
	});
	context.progress(`C heap of TLS connections, ${bits} bits`);
	const ours = await heapOf(context, program, "session");
	const library = await heapOf(context, program, "library");
	const note = `${bits} bits`;
	const figures: Figure[] = [];
	const beyond: number[] = [];
	for (const [index, kind] of ["full", "resumed"].entries()) {
		const one = ours[index];
		const other = library[index];
		if (!one || !other) throw new Error("tls-cost made no two connections");
		if (one.resumed !== (index === 1)) throw new Error("the session did not resume");
		for (const when of ["peak", "steady"] as const) {
			const name = `C heap, ${kind}, ${when}`;
			figures.push({ name, unit: "bytes", value: one[when], note });
			figures.push({ name: `${name}, library alone`, unit: "bytes", value: other[when], note });
			beyond.push(one[when] - other[when]);
		}
	}
	return [
		...figures,
		{ name: "memory of our own in a session", unit: "bytes", value: ours[0]?.record, note },
		{
			name: "C heap beyond the library, the most of these",
			unit: "bytes",
			value: Math.max(...beyond),
			gate: { atMost: HEAP_BEYOND_LIBRARY_MAX },
			note,
		},
	];
}
