// A bench for TLS sockets: throw-away certificates, real servers, sockets whose every event is
// recorded.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { Server, Socket as NetSocket } from "node:net";
import * as tls from "node:tls";
import { TCP } from "../../hosts/node/tcp.js";
import { SessionCache } from "../../hosts/node/tls-session-cache.js";
import { TLSSocket } from "../../hosts/node/tls-socket.js";
import type { TCPConstructor, TLSSecureOptions } from "../../src/ports.js";
import { freePort } from "./free-port.js";
import { SocketLog, until } from "./socket-log.js";
import { TemporaryFolder } from "./temporary-folder.js";
import { issue } from "./throw-away-pki.js";

export const NAME = "broker.test";

const authority = issue({ subject: "fleet", isAuthority: true });
const stranger = issue({ subject: "stranger", isAuthority: true });
const intermediate = issue({ subject: "middle", issuer: authority, isAuthority: true, toDays: 5 });

export const pki = {
	authority,
	/** Another authority that nobody here trusts. */
	stranger,
	/** Signed by the authority, for 5 days only. */
	intermediate,
	broker: issue({ subject: NAME, issuer: authority, names: [NAME] }),
	/** The same name, signed by the intermediate. */
	deepBroker: issue({ subject: NAME, issuer: intermediate, names: [NAME] }),
	device: issue({ subject: "device-1", issuer: authority }),
};

export const identity = { certificates: [pki.device.der], key: "tls-0" };

export interface RunningServer {
	readonly port: number;
	/** TLS connections that the server regards as secure. */
	readonly peers: tls.TLSSocket[];
	/** Of each of them: it resumed a session. */
	readonly resumed: boolean[];
	/** Their transports, oldest first. */
	readonly transports: NetSocket[];
}

export type LoggedSocket = SocketLog & { socket: TLSSocket };

export interface JoinOptions {
	sessions?: SessionCache;
	io?: TCPConstructor;
}

const open: { close(): void }[] = [];

/** Closes everything that was opened since the last time. */
export function closeAll(): void {
	for (const one of open.splice(0)) one.close();
}

export async function serve(options: tls.TlsOptions = {}): Promise<RunningServer> {
	const peers: tls.TLSSocket[] = [];
	const resumed: boolean[] = [];
	const transports: NetSocket[] = [];
	const server = tls.createServer({ cert: pki.broker.pem, key: pki.broker.keyPEM, ...options });
	server.on("secureConnection", (peer) => {
		peers.push(peer);
		resumed.push(peer.isSessionReused());
		peer.on("error", () => undefined);
	});
	server.on("connection", (socket: NetSocket) => {
		transports.push(socket);
		socket.on("error", () => undefined);
	});
	server.on("tlsClientError", () => undefined);
	open.push({ close: () => transports.forEach((socket) => socket.destroy()) });
	return { port: await listen(server), peers, resumed, transports };
}

export async function listen(server: Server): Promise<number> {
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	open.push(server);
	return (server.address() as { port: number }).port;
}

/**
 * An `openssl s_server` that knows only the strange authority; it sends alerts where node:tls does
 * not.
 */
export async function serveWithOpenSSL(more: readonly string[]): Promise<number> {
	const folder = new TemporaryFolder();
	writeFileSync(folder.file("broker.pem"), pki.broker.pem + pki.broker.keyPEM);
	writeFileSync(folder.file("ca.pem"), pki.stranger.pem);
	const port = await freePort();
	const files = ["-cert", "broker.pem", "-key", "broker.pem", "-CAfile", "ca.pem"];
	const server = spawn("openssl", ["s_server", "-accept", `${port}`, ...files, ...more], {
		cwd: folder.path,
		stdio: ["pipe", "pipe", "ignore"],
	});
	open.push({
		close: () => {
			server.kill("SIGKILL");
			folder.remove();
		},
	});
	let output = "";
	server.stdout.on("data", (text: Buffer) => (output += text.toString()));
	await until(() => output.includes("ACCEPT"));
	return port;
}

export function join(
	port: number,
	secure: Partial<TLSSecureOptions> = {},
	{ sessions = new SessionCache(), io = TCP }: JoinOptions = {},
): LoggedSocket {
	const log = new SocketLog();
	const socket = new TLSSocket({
		address: "127.0.0.1",
		port,
		TCP: { io },
		secure: { serverName: NAME, authorities: [authority.der], pins: [], ...secure },
		sessions,
		privateKeyOf: (name) => (name === identity.key ? pki.device.keyPEM : undefined),
		...log.callbacks,
	});
	log.socket = socket;
	open.push(socket);
	return log as LoggedSocket;
}
