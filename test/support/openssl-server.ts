// `openssl s_server` with a certificate of the test's choice: for what node:tls will not do as a
// server, such as old versions, weak suites and alerts.
import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { freePort } from "./free-port.js";
import { until } from "./socket-log.js";
import { TemporaryFolder } from "./temporary-folder.js";

export interface ServerIdentity {
	readonly pem: string;
	readonly keyPEM: string;
}

export interface OpenSSLServer {
	readonly port: number;
	/** What it printed so far. */
	output(): string;
	/** Types on its keyboard. */
	type(text: string): void;
	close(): void;
}

export interface OpenSSLServerOptions {
	identity?: ServerIdentity;
	/** Certificates sent behind the first one, PEM. */
	chain?: readonly string[];
	/** The authorities by which clients are judged, PEM. */
	authorities?: readonly string[];
	arguments?: readonly string[];
}

export async function startOpenSSLServer(options: OpenSSLServerOptions): Promise<OpenSSLServer> {
	const folder = new TemporaryFolder();
	const port = await freePort();
	const parts = ["s_server", "-accept", `127.0.0.1:${port}`, "-4"];
	const write = (name: string, text: string) => writeFileSync(folder.file(name), text);
	if (options.identity) {
		write("server.pem", options.identity.pem + options.identity.keyPEM);
		parts.push("-cert", "server.pem", "-key", "server.pem");
	} else parts.push("-nocert");
	if (options.chain) {
		write("chain.pem", options.chain.join(""));
		parts.push("-cert_chain", "chain.pem");
	}
	if (options.authorities) {
		write("ca.pem", options.authorities.join(""));
		parts.push("-CAfile", "ca.pem");
	}
	const server = spawn("openssl", [...parts, ...(options.arguments ?? [])], {
		cwd: folder.path,
		stdio: ["pipe", "pipe", "pipe"],
	});
	let output = "";
	server.stdout.on("data", (text: Buffer) => (output += text.toString()));
	server.stderr.on("data", (text: Buffer) => (output += text.toString()));
	server.stdin.on("error", () => undefined);
	await until(() => output.includes("ACCEPT") || server.exitCode !== null);
	if (server.exitCode !== null) throw new Error(`openssl s_server: ${output}`);
	return {
		port,
		output: () => output,
		type: (text) => server.stdin.write(text),
		close: () => stop(server, folder),
	};
}

function stop(server: ChildProcess, folder: TemporaryFolder): void {
	server.kill("SIGKILL");
	folder.remove();
}
