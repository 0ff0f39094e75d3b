// What the parts of one run share: a folder, the XS host, a fleet with one identity per board, and
// a mosquitto that asks for it. Everything is made when first asked for, and gone after `close`.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../../hosts/node/project-folder.js";
import { Fleet } from "../pki/fleet.js";
import { findTool, MissingToolError, runProgram } from "./run-program.js";

const LOOPBACK = "127.0.0.1";
const BROKER = "broker";
const START_MS_MAX = 10_000;
const POLL_MS = 20;
/** build.sh ends with it when something must be installed first. */
const EXIT_MISSING = 3;

export type Bits = 32 | 64;

export class BenchContext {
	readonly folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
	readonly #progress: (text: string) => void;
	readonly #hosts = new Map<Bits, Promise<string>>();
	#fleet: Promise<Fleet> | undefined;
	#broker: Promise<number> | undefined;
	#mosquitto: ChildProcess | undefined;

	constructor(progress: (text: string) => void) {
		this.#progress = progress;
	}

	progress(text: string): void {
		this.#progress(text);
	}

	file(name: string): string {
		return join(this.folder, name);
	}

	/** A file of the project, built or not. */
	project(path: string): string {
		return join(projectFolder(), path);
	}

	/** The program of the XS host, built. */
	engine(bits: Bits = 64): Promise<string> {
		const known = this.#hosts.get(bits) ?? this.#build(bits);
		this.#hosts.set(bits, known);
		return known;
	}

	fleet(): Promise<Fleet> {
		this.#fleet ??= this.#makeFleet();
		return this.#fleet;
	}

	/** Port of a mosquitto that keeps nothing on disk, behind mutual TLS. */
	broker(): Promise<number> {
		this.#broker ??= this.#startBroker();
		return this.#broker;
	}

	/** PEM of the fleet's broker. */
	async brokerIdentity(): Promise<{ certificate: string; key: string; authority: string }> {
		const fleet = await this.fleet();
		return {
			...fleet.brokerIdentity(BROKER),
			authority: readFileSync(fleet.authorityFile, "utf8"),
		};
	}

	async close(): Promise<void> {
		const child = this.#mosquitto;
		this.#mosquitto = undefined;
		if (child && child.exitCode === null) {
			const ended = new Promise((resolve) => child.once("exit", resolve));
			child.kill("SIGTERM");
			await ended;
		}
		rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
	}

	async #build(bits: Bits): Promise<string> {
		this.progress(`building the XS host, ${bits} bits`);
		const words = bits === 32 ? ["BITS=32"] : [];
		await new Promise<void>((resolve, reject) => {
			const child = spawn(this.project("hosts/linux/build.sh"), words, {
				stdio: ["ignore", "ignore", "pipe"],
			});
			let errors = "";
			child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
			child.on("error", reject);
			child.on("close", (code) => {
				const told = errors.trim().replaceAll("\n", "; ");
				if (code === EXIT_MISSING) reject(new MissingToolError(told));
				else if (code !== 0) reject(new Error(`the XS host was not built: ${told}`));
				else resolve();
			});
		});
		return this.project(bits === 32 ? "build/linux32/xs-host" : "build/linux/xs-host");
	}

	async #makeFleet(): Promise<Fleet> {
		const fleet = await Fleet.create(this.file("fleet"), { name: "bench" });
		await fleet.issueBrokerCertificate({ name: BROKER, hosts: ["localhost", LOOPBACK] });
		await fleet.issueOperator({ name: "operator" });
		return fleet;
	}

	async #startBroker(): Promise<number> {
		const program = findTool("mosquitto", "mosquitto");
		const fleet = await this.fleet();
		const port = await freePort();
		const path = join(fleet.folder, "broker", BROKER);
		const lines = [
			`listener ${port} ${LOOPBACK}`,
			`cafile ${fleet.authorityFile}`,
			`certfile ${path}.crt`,
			`keyfile ${path}.key`,
			"require_certificate true",
			"use_identity_as_username true",
			"persistence false",
			"set_tcp_nodelay true",
			"log_dest none",
			// As root mosquitto would become another user, who cannot read a folder of our own.
			...(process.getuid?.() === 0 ? ["user root"] : []),
		];
		writeFileSync(this.file("mosquitto.conf"), `${lines.join("\n")}\n`);
		const child = spawn(program, ["-c", this.file("mosquitto.conf")], { stdio: "ignore" });
		this.#mosquitto = child;
		const deadline = Date.now() + START_MS_MAX;
		while (!(await accepts(port))) {
			if (child.exitCode !== null || Date.now() > deadline) {
				throw new Error("mosquitto did not start");
			}
			await new Promise((resolve) => setTimeout(resolve, POLL_MS));
		}
		return port;
	}
}

/** The command lines of one board that runs the pump. */
export interface PumpBoard {
	readonly file: string;
	/** In front of what the pump understands. */
	readonly words: readonly string[];
	readonly device: string;
	/** DER, hexadecimal, as the pump takes them. */
	readonly identity: readonly string[];
}

/** Keys are made on the board; the fleet certifies them. */
export async function makePumpBoard(
	context: BenchContext,
	host: "xs" | "node",
	device: string,
): Promise<PumpBoard> {
	const fleet = await context.fleet();
	const file = host === "xs" ? await context.engine() : process.execPath;
	const bundle = context.project(host === "xs" ? "build/bench-xs-pump.js" : NODE_PUMP);
	const words = [bundle, context.file(`board-${device}`)];
	const { lines } = await runProgram(file, [...words, "request", device]);
	const { request } = JSON.parse(lines[0] ?? "{}") as { request: string };
	const csr = new Uint8Array(Buffer.from(request, "hex"));
	const { certificate } = await fleet.issueDeviceCertificate({ deviceId: device, csr });
	const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");
	const identity = [
		`authority=${hex(fleet.authorities()[0])}`,
		`certificate=${hex(certificate)}`,
		`device=${device}`,
	];
	return { file, words, device, identity };
}

const NODE_PUMP = "build/bench-node-pump.js";

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

function accepts(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, LOOPBACK);
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
