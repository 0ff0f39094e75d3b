// The classes of the XS host and the Linux half of the modules, each against its checklist.
import { createServer, type Server } from "node:net";
import { SerialPort } from "serialport";
import { engine } from "../support/engine.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

/** A peer that echoes, and obeys four words. */
async function servePeer(): Promise<{ port: number; server: Server }> {
	const server = createServer((peer) => {
		peer.on("error", () => undefined);
		peer.on("data", (bytes) => {
			const word = bytes.toString("latin1");
			if (word === "end") peer.end("bye");
			else if (word === "reset") peer.resetAndDestroy();
			else if (word === "flood") peer.write(Buffer.alloc(100_000));
			else if (word === "mute") peer.pause();
			else peer.write(bytes);
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return { port: (server.address() as { port: number }).port, server };
}

describe("native classes on XS", () => {
	engine.it("TCP", async () => {
		const { port, server } = await servePeer();
		const bundle = engine.bundle("tcp", ["test/engine/native/tcp.ts"]);
		const run = await engine.run(bundle, [`${port}`]);
		server.close();
		expect(engine.summary(run).failed).toEqual([]);
	});

	engine.it("timers, resolver, watchdog, entropy, system", async () => {
		const folder = new TemporaryFolder();
		const bundle = engine.bundle("parts", ["test/engine/native/parts.ts"]);
		const run = await engine.run(bundle, [folder.path]);
		folder.remove();
		expect(engine.summary(run).failed).toEqual([]);
	});

	engine.it("USB serial", async () => {
		const bundle = engine.bundle("usb-serial", ["test/engine/native/usb-serial.ts"]);
		let port: SerialPort | undefined;
		const run = await engine.run(bundle, [], (line) => {
			const { event, path } = JSON.parse(line) as { event?: string; path?: string };
			if (event === "pty" && path) port = answering(path);
		});
		port?.destroy();
		expect(engine.summary(run).failed).toEqual([]);
	});
});

/** Sends back what the device sends, in capitals. */
function answering(path: string): SerialPort {
	const port = new SerialPort({ path, baudRate: 115_200 });
	port.on("error", () => undefined);
	port.on("data", (bytes: Buffer) => {
		port.write(bytes.map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte)));
	});
	return port;
}
