// The TLS socket of modules/tls-socket on the XS engine: its checklist against node:tls, and a
// mutual handshake with a key that the key store made.
import { createPublicKey, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { startBroker, type BrokerOptions } from "../support/brokers.js";
import { engine } from "../support/engine.js";
import { freePort } from "../support/free-port.js";
import { TemporaryFolder } from "../support/temporary-folder.js";
import { issue } from "../support/throw-away-pki.js";
import { closeAll, listen, NAME, pki } from "../support/tls-bench.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Returns its port. */
function serveAnswering(): Promise<number> {
	const transports: Socket[] = [];
	const own = { cert: pki.broker.pem, key: pki.broker.keyPEM, ALPNProtocols: ["mqtt"] };
	const server = createServer({ ...own, maxVersion: "TLSv1.2" });
	server.on("connection", (transport: Socket) => {
		transports.push(transport);
		transport.on("error", () => undefined);
	});
	server.on("tlsClientError", () => undefined);
	server.on("secureConnection", (peer) => {
		const { remotePort } = peer;
		const cut = () => transports.find((one) => one.remotePort === remotePort)?.destroy();
		peer.on("error", () => undefined);
		answer(peer, cut);
	});
	return listen(server);
}

/** Echoes, and obeys four words. */
function answer(peer: TLSSocket, cut: () => void): void {
	peer.on("data", (bytes: Buffer) => {
		const word = bytes.toString("latin1");
		if (word === "end") peer.end("bye");
		else if (word === "cut") peer.write("bye", cut);
		else if (word === "mute") peer.pause();
		else if (word === "flood") peer.write(Buffer.alloc(100_000));
		else peer.write(bytes);
	});
}

describe("TLSSocket on XS", () => {
	const folder = new TemporaryFolder();
	afterEach(closeAll);
	afterAll(() => folder.remove());

	engine.it("keeps its checklist", async () => {
		const given = {
			folder: folder.path,
			name: NAME,
			port: await serveAnswering(),
			closedPort: await freePort(),
			now: Math.floor(Date.now() / 1000),
			authority: hex(pki.authority.der),
			stranger: hex(pki.stranger.der),
			pin: hex(pki.broker.pin),
		};
		const bundle = engine.bundle("tls-socket", ["test/engine/native/tls-socket.ts"]);
		const run = await engine.run(bundle, [JSON.stringify(given)]);
		expect(engine.summary(run).failed).toEqual([]);
	});

	engine.it(`survives hostile arguments (seed ${SEED})`, async () => {
		const bundle = engine.bundle("tls-hostile", ["test/engine/native/tls-hostile.ts"]);
		const run = await engine.run(bundle, [`${SEED}`]);
		expect([run.code, engine.summary(run).failed]).toEqual([0, []]);
	});

	engine.it("joins mosquitto with a key of the key store, again and again", async () => {
		const program = "test/engine/native/tls-identity.ts";
		const bundle = engine.bundle("tls-identity", [program]);
		const made = await engine.run(bundle, [JSON.stringify({ folder: folder.path })]);
		const { publicKey } = JSON.parse(made.lines[0] ?? "{}") as { publicKey: string };
		const key = { subject: "d", publicKey: publicKeyOf(Buffer.from(publicKey, "hex")) };
		const certificate = issue({ ...key, issuer: pki.authority });
		const stranger = issue({ ...key, issuer: pki.stranger });
		const broker = await startBroker("mosquitto", mosquittoOptions(folder));
		const given = {
			folder: folder.path,
			connections: 5,
			port: broker.port,
			name: NAME,
			authority: hex(pki.authority.der),
			certificate: hex(certificate.der),
		};
		const right = await engine.run(bundle, [JSON.stringify(given)]);
		const foreign = { ...given, connections: 1, certificate: hex(stranger.der) };
		const wrong = await engine.run(bundle, [JSON.stringify(foreign)]);
		await broker.stop();
		expect(right.lines[0]).toBe(JSON.stringify({ answers: Array(5).fill("20020000") }));
		// mosquitto resets the connection behind its alert, which may then be lost.
		expect(wrong.lines[0]).toMatch(/"(tls-client-certificate|tcp)"/);
	});
});

/** A P-256 key from its uncompressed point. */
function publicKeyOf(point: Buffer): KeyObject {
	const coordinate = (from: number) => point.subarray(from, from + 32).toString("base64url");
	const key = { kty: "EC", crv: "P-256", x: coordinate(1), y: coordinate(33) };
	return createPublicKey({ key, format: "jwk" });
}

/** A broker that wants a client certificate of the fleet. */
function mosquittoOptions(folder: TemporaryFolder): BrokerOptions {
	const yes = () => true;
	const written = (name: string, text: string) => {
		writeFileSync(folder.file(name), text);
		return folder.file(name);
	};
	return {
		folder: folder.file("broker"),
		authorityFile: written("ca.crt", pki.authority.pem),
		certificateFile: written("broker.crt", pki.broker.pem),
		keyFile: written("broker.key", pki.broker.keyPEM),
		access: { mayConnect: yes, mayPublish: yes, maySubscribe: yes, mayReceive: yes },
		accessList: "topic readwrite #\n",
	};
}
