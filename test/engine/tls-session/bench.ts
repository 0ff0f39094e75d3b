// A bench for tls-session.c: the probe that is built around it, throw-away certificates in files,
// and servers.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { buildProgram, missingFor } from "../../support/c-program.js";
import { MBEDTLS_LIBRARIES } from "../../support/mbedtls-libraries.js";
import { startOpenSSLServer } from "../../support/openssl-server.js";
import type { OpenSSLServer, OpenSSLServerOptions } from "../../support/openssl-server.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";
import { NAME, pki } from "../../support/tls-bench.js";
import type { Issued } from "../../support/throw-away-pki.js";

const FOLDER = "test/engine/tls-session";

export const TLS_SOURCES = ["tls-judge", "tls-session", "tls-session-start", "tls-tickets"].map(
	(name) => `modules/tls-socket/${name}.c`,
);
export const missing = missingFor("gcc", { "mbedtls/ssl.h": "libmbedtls-dev" });

export function buildProbe(): string {
	return buildProgram({
		name: "tls-probe",
		sources: [`${FOLDER}/probe.c`, `${FOLDER}/probe-request.c`, ...TLS_SOURCES],
		includes: ["modules/tls-socket", FOLDER],
		flags: [...MBEDTLS_LIBRARIES, "-Wl,--wrap=malloc,--wrap=calloc"],
	});
}

export class ProbeBench {
	readonly #program: string;
	readonly #folder = new TemporaryFolder();
	readonly #servers: OpenSSLServer[] = [];

	constructor() {
		this.#program = buildProbe();
	}

	close(): void {
		this.closeServers();
		this.#folder.remove();
	}

	closeServers(): void {
		for (const server of this.#servers.splice(0)) server.close();
	}

	async serve(options: OpenSSLServerOptions = {}): Promise<OpenSSLServer> {
		const server = await startOpenSSLServer({ identity: pki.broker, ...options });
		this.#servers.push(server);
		return server;
	}

	/** The arguments that say who signs, with the bytes in a file. */
	file(kind: "authority" | "certificate" | "key", issued: Issued): string {
		const path = this.#folder.file(
			`${kind}-${issued.subject}-${Buffer.from(issued.pin.subarray(0, 4)).toString("hex")}`,
		);
		writeFileSync(
			path,
			kind === "key" ? issued.key.export({ format: "der", type: "pkcs8" }) : issued.der,
		);
		return `${kind}=${path}`;
	}

	/** The client's own certificate and key. */
	identity(issued: Issued): string[] {
		return [this.file("certificate", issued), this.file("key", issued)];
	}

	/** Runs the probe against `port`; what is not said is right. Returns what it printed. */
	async probe(port: number, ...more: readonly string[]): Promise<string[]> {
		const first = more.includes("then") ? more.slice(0, more.indexOf("then")) : more;
		const has = (name: string) => first.some((part) => part.startsWith(`${name}=`));
		const parts = [`port=${port}`, ...(has("name") ? [] : [`name=${NAME}`])];
		if (!has("authority")) parts.push(this.file("authority", pki.authority));
		const child = spawn(this.#program, [...parts, ...more]);
		let output = "";
		let complaint = "";
		child.stdout.on("data", (text: Buffer) => (output += text.toString()));
		child.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
		const status = await new Promise((resolve) => child.on("close", resolve));
		if (status !== 0) throw new Error(`probe ended with ${String(status)}: ${output}${complaint}`);
		return output.trim().split("\n");
	}
}

/** The code in `error CODE`; what it says instead where it connected. */
export function codeOf(lines: readonly string[]): string {
	const error = lines.find((line) => line.startsWith("error "));
	return error ? error.slice(6) : (lines[0]?.split(" ")[0] ?? "");
}
