// The checklist of ECMA-419 conduct for the TLS socket, and what it lets out onto the wire.
import { TCP } from "../../../hosts/node/tcp.js";
import { SessionCache } from "../../../hosts/node/tls-session-cache.js";
import { TLSSocket, type NodeTLSOptions } from "../../../hosts/node/tls-socket.js";
import type { ByteSource, TCPConstructor, TCPOptions } from "../../../src/ports.js";
import { settle, SocketLog, until } from "../../support/socket-log.js";
import { closeAll, identity, join, NAME, pki, serve } from "../../support/tls-bench.js";

afterEach(closeAll);

function optionsWith(changes: Record<string, unknown>, port = 1): NodeTLSOptions {
	return {
		address: "127.0.0.1",
		port,
		TCP: { io: TCP },
		secure: { serverName: NAME, authorities: [pki.authority.der], pins: [] },
		sessions: new SessionCache(),
		privateKeyOf: () => undefined,
		...changes,
	};
}

/** A TCP class that records every byte that it is given to send. */
function recordingTCP(sent: Buffer[]): TCPConstructor {
	return class extends TCP {
		override write(bytes: ByteSource): number {
			sent.push(Buffer.from(bytes as Uint8Array));
			return super.write(bytes);
		}
	};
}

describe("TLSSocket conduct", () => {
	it("constructor: ignores unknown options and leaves its options alone", async () => {
		const server = await serve();
		const log = new SocketLog();
		const options = optionsWith({ ...log.callbacks, rejectEverything: 1 }, server.port);
		const before = { ...options };
		const socket = new TLSSocket(Object.freeze(options));
		await until(() => log.isWritable);
		expect(options).toEqual(before);
		socket.close();
	});

	it("constructor-invalid: names the wrong option", () => {
		const secure = optionsWith({}).secure;
		const wrong: [Record<string, unknown>, string][] = [
			[{ address: "broker.test" }, "address"],
			[{ port: 0 }, "port"],
			[{ port: 65536 }, "port"],
			[{ onReadable: 1 }, "onReadable"],
			[{ onWritable: {} }, "onWritable"],
			[{ onError: "x" }, "onError"],
			[{ TCP: {} }, "TCP.io"],
			[{ secure: undefined }, "secure"],
			[{ secure: { ...secure, serverName: "" } }, "serverName"],
			[{ secure: { ...secure, authorities: [] } }, "authorities"],
			[{ secure: { ...secure, authorities: ["x"] } }, "authorities"],
			[{ secure: { ...secure, pins: [new Uint8Array(31)] } }, "pins"],
			[{ secure: { ...secure, pins: undefined } }, "pins"],
			[{ secure: { ...secure, identity: { certificates: [], key: "k" } } }, "certificates"],
			[{ secure: { ...secure, identity: { ...identity, key: 3 } } }, "key"],
			[{ secure: { ...secure, applicationLayerProtocols: [""] } }, "applicationLayerProtocols"],
			[{ secure: { ...secure, time: { unixSeconds: NaN } } }, "time"],
		];
		for (const [changes, name] of wrong) {
			expect(() => new TLSSocket(optionsWith(changes))).toThrow(name);
		}
		expect(() => new TLSSocket(undefined as never)).toThrow(TypeError);
	});

	it("callback-not-in-constructor, nor in any method", async () => {
		const server = await serve();
		let isInside = true;
		const calls: boolean[] = [];
		const record = () => calls.push(isInside);
		const callbacks = { onReadable: record, onWritable: record, onError: record };
		const socket = new TLSSocket(optionsWith(callbacks, server.port));
		isInside = false;
		await until(() => calls.length > 0 && server.peers.length === 1);
		isInside = true;
		socket.write(Buffer.from("x"));
		socket.read();
		isInside = false;
		server.peers[0]?.end("y");
		await settle();
		isInside = true;
		socket.read();
		isInside = false;
		await settle();
		socket.close();
		expect(calls).not.toContain(true);
		expect(calls.length).toBeGreaterThan(2);
	});

	it("close, close-twice, use-after-close, no-callback-after-close", async () => {
		const server = await serve();
		for (const isConnected of [false, true]) {
			const log = join(server.port);
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

	it("close: what was written before arrives, followed by close_notify", async () => {
		const server = await serve();
		const log = join(server.port);
		await until(() => log.isWritable && server.peers.length === 1);
		let text = "";
		let isEnded = false;
		server.peers[0]?.on("data", (bytes: Buffer) => (text += bytes.toString()));
		server.peers[0]?.on("end", () => (isEnded = true));
		log.socket.write(Buffer.from("farewell"));
		log.socket.close();
		await until(() => isEnded);
		expect(text).toBe("farewell");
	});

	it("invalid-receiver", () => {
		const stranger = Object.create(TLSSocket.prototype) as TLSSocket;
		expect(() => stranger.read()).toThrow(TypeError);
		expect(() => stranger.write(Buffer.of(1))).toThrow(TypeError);
		expect(() => stranger.close()).toThrow(TypeError);
	});

	it("write-overflow: takes all or throws, and takes nothing before the handshake", async () => {
		const server = await serve();
		const log = join(server.port);
		expect(() => log.socket.write(Buffer.of(1))).toThrow("not connected");
		await until(() => log.isWritable && server.peers.length === 1);
		expect(() => log.socket.write(Buffer.alloc(8193))).toThrow(RangeError);
		expect(log.socket.write(Buffer.alloc(8192))).toBe(0);
		expect(() => log.socket.write(Buffer.of(1))).toThrow(RangeError);
		const peer = server.peers[0];
		let count = 0;
		peer?.on("data", (bytes: Buffer) => (count += bytes.length));
		await until(() => count >= 8192);
		await settle();
		expect(count).toBe(8192);
		expect(log.events).toContain("writable 8192");
	});

	it("format: takes ArrayBuffer and Uint8Array, gives ArrayBuffer", async () => {
		const server = await serve();
		const log = join(server.port);
		log.isReading = false;
		await until(() => log.isWritable && server.peers.length === 1);
		let text = "";
		server.peers[0]?.on("data", (bytes: Buffer) => (text += bytes.toString()));
		log.socket.write(Uint8Array.of(97));
		log.socket.write(Uint8Array.of(98).buffer);
		expect(() => log.socket.write("c" as never)).toThrow(TypeError);
		await until(() => text === "ab");
		server.peers[0]?.write("down");
		await until(() => log.events.includes("readable 4"));
		expect(() => log.socket.read(-1)).toThrow(RangeError);
		expect(log.socket.read(0)).toBeUndefined();
		const first = log.socket.read(3) as ArrayBuffer;
		expect(first).toBeInstanceOf(ArrayBuffer);
		expect(Buffer.from(first).toString()).toBe("dow");
		expect(Buffer.from(log.socket.read() as ArrayBuffer).toString()).toBe("n");
		expect(log.socket.read()).toBeUndefined();
	});

	it("takes nothing but close after onError, which comes once", async () => {
		const server = await serve();
		const log = join(server.port);
		await until(() => log.isWritable && server.peers.length === 1);
		server.transports[0]?.resetAndDestroy();
		await until(() => log.error !== undefined);
		expect(() => log.socket.read()).toThrow("failed");
		expect(() => log.socket.write(Buffer.of(1))).toThrow("failed");
		await settle();
		expect(log.events.filter((event) => event.startsWith("error"))).toHaveLength(1);
		log.socket.close();
	});

	it("lets nothing but TLS records onto the wire", async () => {
		const server = await serve();
		const sent: Buffer[] = [];
		const log = join(server.port, {}, { io: recordingTCP(sent) });
		await until(() => log.isWritable);
		log.socket.write(Buffer.from("a secret that must not be seen"));
		await settle();
		log.socket.close();
		await settle();
		const wire = Buffer.concat(sent);
		expect(wire.includes("secret")).toBe(false);
		for (let offset = 0; offset < wire.length;) {
			// Content types 20 to 23, versions 3.1 and 3.3 (RFC 8446 §5.1)
			expect([20, 21, 22, 23]).toContain(wire[offset]);
			expect(wire[offset + 1]).toBe(3);
			offset += 5 + wire.readUInt16BE(offset + 3);
		}
	});

	it("gives the transport what it needs and nothing of its own", () => {
		const given: TCPOptions[] = [];
		const io = class {
			constructor(options: TCPOptions) {
				given.push(options);
			}
			read(): undefined {}
			write(): number {
				return 0;
			}
			close(): void {}
		};
		const socket = new TLSSocket(optionsWith({ TCP: { io } }));
		socket.close();
		expect(Object.keys(given[0] as TCPOptions).sort()).toEqual(
			["address", "noDelay", "onError", "onReadable", "onWritable", "port"].sort(),
		);
	});
});
