// The checklist of ECMA-419 conduct for the TLS socket on XS, and its judgement of peers. The
// program's first argument is JSON; its peer echoes, and obeys: "end", "cut", "mute", "flood".
import { program } from "../../../hosts/linux/program.js";
import { TCP } from "../../../hosts/linux/tcp.js";
import { TLSSocket } from "../../../modules/tls-socket/tls-socket.js";
import type { TLSSocketOptions } from "../../../modules/tls-socket/tls-socket.js";
import { fromHex } from "../../../src/bytes/hex.js";
import type { ByteSource, TCPConstructor, TCPOptions } from "../../../src/ports.js";
import { settle, until } from "../../support/engine-wait.js";
import { latin1 as text } from "../../support/latin1.js";

const given = JSON.parse(program.arguments[0] as string) as {
	folder: string;
	name: string;
	port: number;
	closedPort: number;
	now: number;
	authority: string;
	stranger: string;
	pin: string;
};
const { name: serverName, port, now } = given;
const authorities = [fromHex(given.authority) as Uint8Array];
const pin = fromHex(given.pin) as Uint8Array;
const secure = { serverName, authorities, pins: [] };
const DAY_S = 86_400;

program.setVariable("HOLDFAST_STATE", given.folder);

/** One by one: the engine's stack is as small as the chip's. */
function characters(bytes: Uint8Array): string {
	let found = "";
	for (const byte of bytes) found += String.fromCharCode(byte);
	return found;
}

class Log {
	readonly events: string[] = [];
	readonly socket: TLSSocket;
	text = "";
	isReading = true;

	constructor(changes: Record<string, unknown> = {}) {
		this.socket = new TLSSocket({
			address: "127.0.0.1",
			port,
			TCP: { io: TCP },
			secure,
			onReadable: (count: number) => {
				this.events.push(`readable ${count}`);
				if (this.isReading) this.read();
			},
			onWritable: (count: number) => this.events.push(`writable ${count}`),
			onError: (error: unknown) => this.events.push(`error ${(error as { code: string }).code}`),
			...changes,
		} as TLSSocketOptions);
	}

	read(): void {
		const bytes = this.socket.read();
		if (bytes) this.text += characters(new Uint8Array(bytes));
	}

	get error(): string | undefined {
		return this.events.find((event) => event.startsWith("error"));
	}
}

async function joined(changes: Record<string, unknown> = {}): Promise<Log> {
	const log = new Log(changes);
	await until(() => log.events.length > 0);
	return log;
}

/** The events of a connection that is refused. */
async function refusal(changes: Record<string, unknown>): Promise<string[]> {
	const log = new Log(changes);
	await until(() => log.error !== undefined);
	await settle(5);
	log.socket.close();
	return log.events;
}

describe("TLSSocket", () => {
	it("constructor: ignores unknown options, leaves its own alone, tells of room", async () => {
		const options = Object.freeze({ everything: 1, secure: Object.freeze({ ...secure }) });
		const log = await joined(options);
		expect(log.events).toEqual(["writable 7996"]);
		log.socket.close();
	});

	it("constructor-invalid: names the wrong option", () => {
		const identity = { certificates: authorities, key: "tls-0" };
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
			[{ secure: { ...secure, serverName: "x".repeat(254) } }, "serverName"],
			[{ secure: { ...secure, authorities: [] } }, "authorities"],
			[{ secure: { ...secure, authorities: ["x"] } }, "authorities"],
			[{ secure: { ...secure, pins: [new Uint8Array(31)] } }, "pins"],
			[{ secure: { ...secure, pins: undefined } }, "pins"],
			[{ secure: { ...secure, identity: { certificates: [], key: "k" } } }, "certificates"],
			[{ secure: { ...secure, identity: { ...identity, key: 3 } } }, "key"],
			[{ secure: { ...secure, identity: { ...identity, key: "k".repeat(16) } } }, "key"],
			[{ secure: { ...secure, applicationLayerProtocols: [""] } }, "applicationLayerProtocols"],
			[{ secure: { ...secure, time: { unixSeconds: NaN } } }, "time"],
			[{ secure: { ...secure, maxFragmentBytes: 1000 } }, "maxFragmentBytes"],
		];
		for (const [changes, name] of wrong) expect(() => new Log(changes)).toThrow(name);
		expect(() => new TLSSocket(undefined as never)).toThrow(TypeError);
	});

	it("callback-not-in-constructor, nor in any method", async () => {
		let isInside = true;
		const calls: boolean[] = [];
		const record = () => void calls.push(isInside);
		const callbacks = { onReadable: record, onWritable: record, onError: record };
		const { socket } = new Log(callbacks);
		isInside = false;
		await until(() => calls.length > 0);
		isInside = true;
		socket.write(text("x"));
		socket.read();
		isInside = false;
		await until(() => calls.length > 2);
		isInside = true;
		socket.read();
		socket.write(text("end"));
		isInside = false;
		await settle();
		isInside = true;
		socket.read();
		isInside = false;
		await settle();
		expect(calls.length).toBeGreaterThan(3);
		expect(calls).not.toContain(true);
		socket.close();
	});

	it("close, close-twice, use-after-close, no-callback-after-close", async () => {
		for (const isConnected of [false, true]) {
			const log = isConnected ? await joined() : new Log();
			const count = log.events.length;
			log.socket.close();
			log.socket.close();
			expect(() => log.socket.read()).toThrow("closed");
			expect(() => log.socket.write(text("x"))).toThrow("closed");
			await settle();
			expect(log.events).toHaveLength(count);
		}
	});

	it("can be closed from each of its callbacks", async () => {
		for (const name of ["onReadable", "onWritable", "onError"]) {
			let calls = 0;
			const close = () => {
				calls++;
				log.socket.close();
			};
			const isFailing = name === "onError";
			const log: Log = new Log({
				...(isFailing && { secure: { ...secure, serverName: "other.test" } }),
				...(name === "onReadable" && { onWritable: () => log.socket.write(text("abc")) }),
				[name]: close,
			});
			await until(() => calls > 0);
			await settle();
			expect([name, calls]).toEqual([name, 1]);
		}
	});

	it("invalid-receiver: of the class, and of every C function below it", () => {
		const stranger = Object.create(TLSSocket.prototype) as TLSSocket;
		expect(() => stranger.read()).toThrow(TypeError);
		expect(() => stranger.write(text("x"))).toThrow(TypeError);
		expect(() => stranger.close()).toThrow(TypeError);
		const parts = ["add_authority", "add_certificate", "add_pin", "add_protocol", "set_key"];
		parts.push("set_time", "set_fragment", "start", "input_room", "feed", "end", "step", "drain");
		parts.push("is_open", "is_resumed", "record_bytes", "record_overhead", "readable", "read");
		parts.push("write", "finish", "close");
		const tcp = new TCP({ address: "127.0.0.1", port: given.closedPort });
		const nativeOf = Reflect.get(globalThis, "native") as (name: string) => () => void;
		for (const part of parts) {
			const method = nativeOf(`xs_tls_socket_${part}`);
			for (const receiver of [{}, undefined, 1, [], tcp, text("x")]) {
				expect(() => method.call(receiver)).toThrow();
			}
		}
		tcp.close();
	});

	it("write-overflow: takes all or throws, and nothing before the handshake", async () => {
		const log = new Log();
		expect(() => log.socket.write(text("x"))).toThrow("not connected");
		await until(() => log.events.length > 0);
		expect(() => log.socket.write(new Uint8Array(7997))).toThrow(RangeError);
		log.isReading = false;
		expect(log.socket.write(new Uint8Array(7996))).toBeGreaterThanOrEqual(0);
		await until(() => log.events.some((event) => event.startsWith("readable")));
		log.isReading = true;
		log.read();
		await until(() => log.text.length === 7996);
		log.socket.close();
	});

	it("format: takes ArrayBuffer and Uint8Array, gives ArrayBuffer", async () => {
		const log = await joined();
		log.isReading = false;
		log.socket.write(text("xhello").subarray(1));
		await until(() => log.events.includes("readable 5"));
		expect(() => log.socket.write("c" as never)).toThrow(TypeError);
		expect(() => log.socket.read(-1)).toThrow(RangeError);
		expect(() => log.socket.read(0.5)).toThrow(TypeError);
		expect(log.socket.read(0)).toBeUndefined();
		expect(new Uint8Array(log.socket.read(2) as ArrayBuffer)).toEqual(text("he"));
		expect(new Uint8Array(log.socket.read(100) as ArrayBuffer)).toEqual(text("llo"));
		expect(log.socket.read()).toBeUndefined();
		log.socket.write(text("again").buffer as ArrayBuffer);
		await until(() => log.events.includes("readable 5"));
		log.socket.close();
	});

	it("carries more than every buffer both ways", async () => {
		const log = await joined();
		let sent = 0;
		const all = text("abcdefghij".repeat(3000));
		while (log.text.length < all.length) {
			const part = all.subarray(sent, sent + 3000);
			try {
				log.socket.write(part);
				sent += part.length;
			} catch (error) {
				expect(error).toBe(error as RangeError);
			}
			await settle(1);
		}
		expect(log.text).toBe("abcdefghij".repeat(3000));
		log.socket.close();
	});

	it("leaves with the peer what its owner does not read, and gives it later", async () => {
		const log = await joined();
		log.isReading = false;
		log.socket.write(text("flood"));
		await until(() => log.events.length > 2);
		await settle(50);
		expect(log.events.filter((event) => event.startsWith("readable"))).toHaveLength(1);
		let count = 0;
		for (; count < 100_000; await settle(0)) count += log.socket.read()?.byteLength ?? 0;
		expect(count).toBe(100_000);
		log.socket.close();
	});

	it("tells close_notify from truncation, after everything received", async () => {
		for (const [word, code] of [
			["end", "error tls-closed"],
			["cut", "error tls-truncated"],
		] as const) {
			const log = await joined();
			log.isReading = false;
			log.socket.write(text(word));
			await until(() => log.events.includes("readable 3"));
			await settle();
			expect(log.error).toBeUndefined();
			log.read();
			await until(() => log.error !== undefined);
			expect([log.text, log.error]).toEqual(["bye", code]);
			expect(() => log.socket.read()).toThrow("failed");
			expect(() => log.socket.write(text("x"))).toThrow("failed");
			await settle();
			expect(log.events.filter((event) => event.startsWith("error"))).toHaveLength(1);
			log.socket.close();
		}
	});

	it("refuses a wrong peer with the code of the reason, and says nothing else", async () => {
		const at = (unixSeconds: number, isLowerBound = false) => ({ unixSeconds, isLowerBound });
		const wrong: [Record<string, unknown>, string][] = [
			[{ authorities: [fromHex(given.stranger)] }, "tls-authority"],
			[{ serverName: "other.test" }, "tls-host-name"],
			[{ time: at(now + 400 * DAY_S) }, "tls-expired"],
			[{ time: at(now + 400 * DAY_S, true) }, "tls-expired"],
			[{ time: at(now - 400 * DAY_S) }, "tls-not-yet-valid"],
			[{ pins: [new Uint8Array(32)] }, "tls-pin"],
			[{ authorities: [Uint8Array.of(0x30, 1, 0)] }, "tls-handshake"],
			[{ identity: { certificates: authorities, key: "no-such-key" } }, "tls-handshake"],
		];
		for (const [changes, code] of wrong) {
			expect(await refusal({ secure: { ...secure, ...changes } })).toEqual([`error ${code}`]);
		}
		expect(await refusal({ port: given.closedPort })).toEqual(["error tcp"]);
		const right = { time: at(now - 400 * DAY_S, true), pins: [new Uint8Array(32), pin] };
		const log = await joined({ secure: { ...secure, ...right } });
		expect(log.error).toBeUndefined();
		log.socket.close();
	});

	it("resumes with whom it verified, and with nobody else", async () => {
		const isResumed = async (changes: Record<string, unknown>) => {
			const log = await joined({ secure: { ...secure, ...changes } });
			const { isResumed } = log.socket;
			log.socket.close();
			return isResumed;
		};
		const own = { applicationLayerProtocols: ["mqtt"] };
		expect(await isResumed(own)).toBe(false);
		expect(await isResumed(own)).toBe(true);
		expect(await isResumed({ ...own, pins: [pin] })).toBe(false);
		expect(await isResumed(own)).toBe(true);
	});

	it("lets only TLS records onto the wire, and gives the transport what it needs", async () => {
		const sent: number[] = [];
		const keys: string[][] = [];
		const io: TCPConstructor = class extends TCP {
			constructor(options: TCPOptions) {
				super(options);
				keys.push(Object.keys(options).sort());
			}
			override write(bytes: ByteSource): number {
				new Uint8Array(bytes as ArrayBuffer).forEach((byte) => sent.push(byte));
				return super.write(bytes);
			}
		};
		const log = await joined({ TCP: { io } });
		log.socket.write(text("secret"));
		log.socket.close();
		expect(keys).toEqual([["address", "noDelay", "onError", "onReadable", "onWritable", "port"]]);
		expect(characters(Uint8Array.from(sent))).not.toContain("secret");
		let records = 0;
		for (let offset = 0; offset < sent.length; records++) {
			// Content types 20 to 23, versions 3.1 and 3.3
			expect([20, 21, 22, 23]).toContain(sent[offset]);
			expect(sent[offset + 1]).toBe(3);
			offset += 5 + (sent[offset + 3] as number) * 256 + (sent[offset + 4] as number);
		}
		expect(records).toBeGreaterThan(4);
	});
});
