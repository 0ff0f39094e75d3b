// The checklist of ECMA-419 conduct for the TCP socket, and its behaviour against real peers.
import { createServer, type Server, type Socket as NetSocket } from "node:net";
import { Network } from "../../../hosts/node/network.js";
import { TCP } from "../../../hosts/node/tcp.js";
import { freePort } from "../../support/free-port.js";
import { settle, SocketLog, until } from "../../support/socket-log.js";

const open: { close(): void }[] = [];

afterEach(() => {
	for (const one of open.splice(0)) one.close();
});

async function serve(): Promise<{ port: number; peers: NetSocket[]; received: () => string }> {
	const peers: NetSocket[] = [];
	let text = "";
	const server: Server = createServer({ allowHalfOpen: false }, (peer) => {
		peers.push(peer);
		peer.on("error", () => undefined);
		peer.on("data", (bytes) => (text += bytes.toString()));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	open.push({
		close: () => {
			for (const peer of peers) peer.destroy();
			server.close();
		},
	});
	return { port: (server.address() as { port: number }).port, peers, received: () => text };
}

function join(port: number, network?: Network): SocketLog & { socket: TCP } {
	const log = new SocketLog();
	const socket = new TCP({ address: "127.0.0.1", port, network, ...log.callbacks });
	log.socket = socket;
	open.push(socket);
	return log as SocketLog & { socket: TCP };
}

describe("TCP conduct", () => {
	it("constructor: ignores unknown options and leaves its options alone", async () => {
		const { port } = await serve();
		const log = new SocketLog();
		const given = { address: "127.0.0.1", port, ...log.callbacks, unknown: 1 };
		const options = Object.freeze(given);
		const socket = new TCP(options);
		await until(() => log.isWritable);
		expect(log.events).toEqual(["writable 8192"]);
		socket.close();
	});

	it("constructor-invalid: names the wrong option, and takes no host name", () => {
		const wrong: [Record<string, unknown>, string][] = [
			[{ address: "localhost" }, "address"],
			[{ address: undefined }, "address"],
			[{ port: 0 }, "port"],
			[{ port: 1.5 }, "port"],
			[{ port: "80" }, "port"],
			[{ onReadable: 1 }, "onReadable"],
			[{ onWritable: null }, "onWritable"],
			[{ onError: "x" }, "onError"],
		];
		for (const [changes, name] of wrong) {
			expect(() => new TCP({ address: "127.0.0.1", port: 1, ...changes } as never)).toThrow(name);
		}
		expect(() => new TCP(undefined as never)).toThrow(TypeError);
	});

	it("callback-not-in-constructor, nor in any method", async () => {
		const { port, peers } = await serve();
		let isInside = true;
		const calls: boolean[] = [];
		const record = () => calls.push(isInside);
		const callbacks = { onReadable: record, onWritable: record, onError: record };
		const socket = new TCP({ address: "127.0.0.1", port, ...callbacks });
		isInside = false;
		await until(() => calls.length === 1 && peers.length === 1);
		isInside = true;
		socket.write(Buffer.from("x"));
		socket.read();
		isInside = false;
		peers[0]?.end("y");
		await settle();
		isInside = true;
		socket.read();
		isInside = false;
		await until(() => calls.length >= 4);
		socket.close();
		expect(calls).not.toContain(true);
	});

	it("close, close-twice, use-after-close, no-callback-after-close", async () => {
		const { port } = await serve();
		for (const isConnected of [false, true]) {
			const log = join(port);
			if (isConnected) await until(() => log.isWritable);
			const count = log.events.length;
			log.socket.close();
			log.socket.close();
			expect(() => log.socket.read()).toThrow("closed");
			expect(() => log.socket.write(Buffer.of(1))).toThrow("closed");
			await settle();
			expect(log.events).toHaveLength(count);
		}
	});

	it("close: what was written before arrives", async () => {
		const { port, peers, received } = await serve();
		const log = join(port);
		await until(() => log.isWritable && peers.length === 1);
		let isEnded = false;
		peers[0]?.on("end", () => (isEnded = true));
		log.socket.write(Buffer.from("farewell"));
		log.socket.close();
		await until(() => isEnded);
		expect(received()).toBe("farewell");
	});

	it("invalid-receiver", () => {
		const stranger = Object.create(TCP.prototype) as TCP;
		expect(() => stranger.read()).toThrow(TypeError);
		expect(() => stranger.write(Buffer.of(1))).toThrow(TypeError);
		expect(() => stranger.close()).toThrow(TypeError);
	});

	it("write-overflow: takes all or throws, and takes nothing before it is connected", async () => {
		const { port, peers, received } = await serve();
		const log = join(port);
		expect(() => log.socket.write(Buffer.of(1))).toThrow("not connected");
		await until(() => log.isWritable && peers.length === 1);
		expect(() => log.socket.write(Buffer.alloc(8193))).toThrow(RangeError);
		expect(log.socket.write(Buffer.alloc(8000, "a"))).toBe(192);
		expect(() => log.socket.write(Buffer.alloc(193))).toThrow(RangeError);
		expect(log.socket.write(Buffer.alloc(192, "b"))).toBe(0);
		await until(() => received().length === 8192 && log.events.length === 2);
		expect(log.events).toEqual(["writable 8192", "writable 8192"]);
	});

	it("format: takes ArrayBuffer and Uint8Array, gives ArrayBuffer", async () => {
		const { port, peers, received } = await serve();
		const log = join(port);
		log.isReading = false;
		await until(() => log.isWritable && peers.length === 1);
		const reused = Uint8Array.of(97);
		log.socket.write(reused);
		reused[0] = 0;
		log.socket.write(Uint8Array.of(98).buffer);
		expect(() => log.socket.write("c" as never)).toThrow(TypeError);
		await until(() => received() === "ab");
		expect(log.socket.read()).toBeUndefined();
		peers[0]?.write("down");
		await until(() => log.events.includes("readable 4"));
		expect(() => log.socket.read(-1)).toThrow(RangeError);
		const first = log.socket.read(3) as ArrayBuffer;
		expect(first).toBeInstanceOf(ArrayBuffer);
		expect(Buffer.from(first).toString()).toBe("dow");
		expect(Buffer.from(log.socket.read(9) as ArrayBuffer).toString()).toBe("n");
		expect(log.socket.read()).toBeUndefined();
	});
});

describe("TCP", () => {
	it("reports refusal, peer close and reset alike, once, after everything received", async () => {
		const refused = join(await freePort());
		await until(() => refused.error !== undefined);
		expect(refused.events).toEqual(["error"]);
		expect(() => refused.socket.read()).toThrow("failed");
		for (const end of [(peer: NetSocket) => peer.end("bye"), resetAfterBye]) {
			const { port, peers } = await serve();
			const log = join(port);
			log.isReading = false;
			await until(() => log.isWritable && peers.length === 1);
			end(peers[0] as NetSocket);
			await until(() => log.events.includes("readable 3"));
			await settle();
			expect(log.error).toBeUndefined();
			// The peer is gone, but its owner cannot know yet.
			log.socket.write(Buffer.from("into the void"));
			log.read();
			await until(() => log.error !== undefined);
			await settle();
			expect(log.text).toBe("bye");
			expect(log.events.filter((event) => event.startsWith("error"))).toEqual(["error"]);
		}
	});

	it("leaves with the peer what its owner does not read", async () => {
		const { port, peers } = await serve();
		const log = join(port);
		log.isReading = false;
		await until(() => log.isWritable && peers.length === 1);
		const large = Buffer.alloc(8_000_000, "x");
		let isSent = false;
		peers[0]?.write(large, () => (isSent = true));
		await settle(200);
		expect(isSent).toBe(false);
		log.isReading = true;
		log.read();
		await until(() => log.text.length === large.length);
	});

	it("falls silent when the network is cut, and goes on when it is restored", async () => {
		const network = new Network();
		const { port, peers, received } = await serve();
		const log = join(port, network);
		await until(() => log.isWritable && peers.length === 1);
		network.cut();
		log.socket.write(Buffer.from("up"));
		peers[0]?.write("down");
		await settle();
		expect([log.text, received()]).toEqual(["", ""]);
		const late = join(port, network);
		await until(() => late.error !== undefined);
		network.restore();
		await until(() => log.text === "down" && received() === "up");
	});
});

function resetAfterBye(peer: NetSocket): void {
	peer.write("bye", () => setTimeout(() => peer.resetAndDestroy(), 20));
}
