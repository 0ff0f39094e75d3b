// The brokers that the integration tests meet, behind one interface: aedes in this process and a
// real mosquitto in its own. Both ask for a client certificate and hold the same access policy.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { EmbeddedBroker } from "../../tools/start/broker.js";
import type { BrokerAccess } from "../../tools/start/broker.js";
import { freePort } from "./free-port.js";

export type BrokerKind = "aedes" | "mosquitto";

export interface BrokerOptions {
	/** A folder of this broker's own: configuration, log, sessions. */
	readonly folder: string;
	/** PEM files: the authority, the broker's certificate and key. */
	readonly authorityFile: string;
	readonly certificateFile: string;
	readonly keyFile: string;
	/** mosquitto only: certificates that are not accepted any more, PEM. */
	readonly revocationListFile?: string;
	/** The access policy, as aedes asks it and as mosquitto reads it. */
	readonly access: BrokerAccess;
	readonly accessList: string;
}

export interface TestBroker {
	readonly kind: BrokerKind;
	readonly host: string;
	readonly port: number;
	start(): Promise<void>;
	/** Ends it gracefully; sessions and their queues survive until the next `start`. */
	stop(): Promise<void>;
	/** Delivers to subscribers what the broker's own operator could send. */
	inject?(topic: string, payload: Uint8Array): void;
}

/** How each broker shows that its access policy refused something. MQTT 3.1.1 has no one way. */
export const DENIALS = Object.freeze({
	/** Ends the connection on a forbidden PUBLISH and answers a forbidden SUBSCRIBE with 0x80. */
	aedes: { publish: "closed", subscribe: "refused" },
	/**
	 * Acknowledges a forbidden PUBLISH, drops it and ends the connection; grants a forbidden
	 * SUBSCRIBE and delivers nothing.
	 */
	mosquitto: { publish: "dropped", subscribe: "silent" },
} as const);

export async function startBroker(kind: BrokerKind, options: BrokerOptions): Promise<TestBroker> {
	mkdirSync(options.folder, { recursive: true });
	const port = await freePort();
	const broker = kind === "aedes" ? new AedesBroker(options, port) : new Mosquitto(options, port);
	await broker.start();
	return broker;
}

/**
 * One `describe` for each broker. Where mosquitto is not installed its tests are shown as skipped,
 * with the reason; in CI they fail instead, so that nobody takes a skipped test for a passed one.
 */
export function describeWithEachBroker(name: string, body: (kind: BrokerKind) => void): void {
	describe(`${name}, with aedes`, () => body("aedes"));
	if (mosquittoPath() === undefined && !process.env.CI) {
		const reason = "mosquitto is not installed: apt-get install mosquitto";
		describe.skip(`${name}, with mosquitto (${reason})`, () => body("mosquitto"));
	} else {
		describe(`${name}, with mosquitto`, () => body("mosquitto"));
	}
}

export function mosquittoPath(): string | undefined {
	const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
	return folders.map((folder) => join(folder, "mosquitto")).find((file) => existsSync(file));
}

class AedesBroker implements TestBroker {
	readonly kind = "aedes";
	readonly host = "127.0.0.1";
	readonly port: number;
	readonly #options: BrokerOptions;
	#broker: EmbeddedBroker | undefined;

	constructor(options: BrokerOptions, port: number) {
		this.#options = options;
		this.port = port;
	}

	async start(): Promise<void> {
		if (this.#broker) return this.#broker.start();
		const { authorityFile, certificateFile, keyFile, access } = this.#options;
		this.#broker = await EmbeddedBroker.start({
			authority: readFileSync(authorityFile),
			certificate: readFileSync(certificateFile),
			key: readFileSync(keyFile),
			access,
			port: this.port,
		});
	}

	async stop(): Promise<void> {
		await this.#broker?.stop();
	}

	inject(topic: string, payload: Uint8Array): void {
		this.#broker?.inject(topic, payload);
	}
}

const POLL_MS = 20;
const START_MS_MAX = 10_000;

class Mosquitto implements TestBroker {
	readonly kind = "mosquitto";
	readonly host = "127.0.0.1";
	readonly port: number;
	readonly #program: string;
	readonly #configuration: string;
	readonly #log: string;
	#child: ChildProcess | undefined;

	constructor(options: BrokerOptions, port: number) {
		const program = mosquittoPath();
		if (program === undefined) throw new Error("mosquitto is not installed");
		this.#program = program;
		this.port = port;
		this.#log = join(options.folder, "mosquitto.log");
		this.#configuration = join(options.folder, "mosquitto.conf");
		const accessFile = join(options.folder, "access.list");
		writeFileSync(accessFile, options.accessList);
		writeFileSync(this.#configuration, configurationOf(options, port, accessFile));
	}

	async start(): Promise<void> {
		if (this.#child) return;
		const child = spawn(this.#program, ["-c", this.#configuration], {
			stdio: ["ignore", "ignore", "pipe"],
		});
		const endWithUs = () => child.kill("SIGTERM");
		process.once("exit", endWithUs);
		child.once("exit", () => process.off("exit", endWithUs));
		let output = "";
		child.stderr?.on("data", (text) => (output += String(text)));
		this.#child = child;
		const deadline = Date.now() + START_MS_MAX;
		while (!(await accepts(this.port))) {
			if (child.exitCode !== null || Date.now() > deadline) {
				throw new Error(`mosquitto did not start: ${output}`);
			}
			await new Promise((resolve) => setTimeout(resolve, POLL_MS));
		}
		child.stderr?.resume();
	}

	/** SIGTERM: mosquitto writes its queues to disk. SIGKILL would lose them. */
	async stop(): Promise<void> {
		const child = this.#child;
		if (!child) return;
		this.#child = undefined;
		if (child.exitCode !== null) return;
		const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
		child.kill("SIGTERM");
		await ended;
	}

	get log(): string {
		return readFileSync(this.#log, "utf8");
	}
}

function configurationOf(options: BrokerOptions, port: number, accessFile: string): string {
	const lines = [
		`listener ${port} 127.0.0.1`,
		`cafile ${options.authorityFile}`,
		`certfile ${options.certificateFile}`,
		`keyfile ${options.keyFile}`,
		"require_certificate true",
		"use_identity_as_username true",
		"allow_anonymous false",
		`acl_file ${accessFile}`,
		"persistence true",
		`persistence_location ${options.folder}/`,
		"max_queued_messages 0",
		`log_dest file ${join(options.folder, "mosquitto.log")}`,
		"log_type all",
	];
	if (options.revocationListFile) lines.push(`crlfile ${options.revocationListFile}`);
	// As root mosquitto would become another user, who cannot read a folder of our own.
	if (process.getuid?.() === 0) lines.push("user root");
	return `${lines.join("\n")}\n`;
}

function accepts(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1");
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
