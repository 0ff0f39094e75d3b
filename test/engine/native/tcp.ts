// The checklist of ECMA-419 conduct for the TCP socket of the XS host. The program's first argument
// is the port of a peer that echoes, and obeys: "end", "reset", "flood", "mute".
import { program } from "../../../hosts/linux/program.js";
import { TCP } from "../../../hosts/linux/tcp.js";
import { latin1 as text } from "../../support/latin1.js";
import { settle, until } from "../../support/engine-wait.js";

const BUFFER_BYTES = 8192;
const port = Number(program.arguments[0]);

function join(to = port) {
	const events: string[] = [];
	const socket = new TCP({
		address: "127.0.0.1",
		port: to,
		onReadable: (count) => events.push(`readable ${count}`),
		onWritable: (count) => events.push(`writable ${count}`),
		onError: (error) => events.push(`error ${String(error)}`),
	});
	return { socket, events };
}

async function joined() {
	const log = join();
	await until(() => log.events.length > 0);
	return log;
}

describe("TCP", () => {
	it("constructor: tells of room for 8192 bytes once it is connected", async () => {
		const { socket, events } = await joined();
		expect(events).toEqual(["writable 8192"]);
		socket.close();
	});

	it("constructor-invalid: names the wrong option, and takes no host name", () => {
		const wrong: [Record<string, unknown>, string][] = [
			[{ address: "localhost" }, "address"],
			[{ address: undefined }, "address"],
			[{ address: "1".repeat(1000) }, "address"],
			[{ port: 0 }, "port"],
			[{ port: 65536 }, "port"],
			[{ port: 1.5 }, "port"],
			[{ port: NaN }, "port"],
			[{ port: "80" }, "port"],
			[{ onReadable: 1 }, "onReadable"],
			[{ onWritable: null }, "onWritable"],
			[{ onError: "x" }, "onError"],
		];
		for (const [changes, name] of wrong) {
			expect(() => new TCP({ address: "127.0.0.1", port: 1, ...changes } as never)).toThrow(name);
		}
		expect(() => new TCP(undefined as never)).toThrow(TypeError);
		expect(() => new TCP(5 as never)).toThrow(TypeError);
	});

	it("callback-not-in-constructor, nor in any method", async () => {
		let isInside = true;
		const calls: boolean[] = [];
		const record = () => void calls.push(isInside);
		const socket = new TCP({ address: "127.0.0.1", port, onReadable: record, onWritable: record });
		isInside = false;
		await until(() => calls.length > 0);
		isInside = true;
		socket.write(text("x"));
		socket.read();
		isInside = false;
		await until(() => calls.length > 1);
		isInside = true;
		socket.close();
		isInside = false;
		await settle();
		expect(calls).not.toContain(true);
	});

	it("read: gives exactly what was asked for, and never more than there is", async () => {
		const { socket, events } = await joined();
		expect(socket.read()).toBeUndefined();
		socket.write(text("hello"));
		await until(() => events.includes("readable 5"));
		expect(() => socket.read(6)).toThrow(RangeError);
		expect(() => socket.read(-1)).toThrow(RangeError);
		expect(() => socket.read(0.5)).toThrow(TypeError);
		expect(new Uint8Array(socket.read(2) as ArrayBuffer)).toEqual(text("he"));
		expect(new Uint8Array(socket.read() as ArrayBuffer)).toEqual(text("llo"));
		expect(socket.read()).toBeUndefined();
		socket.close();
	});

	it("format: takes ArrayBuffer and views, and respects a view's bounds", async () => {
		const { socket, events } = await joined();
		expect(socket.write(text("-abc-").subarray(1, 4))).toBeGreaterThan(0);
		socket.write(text("def").slice().buffer);
		await until(() => events.includes("readable 6") || events.includes("readable 3"));
		await settle();
		expect(new Uint8Array(socket.read() as ArrayBuffer)).toEqual(text("abcdef"));
		for (const wrong of ["text", 5, undefined, null, {}]) {
			expect(() => socket.write(wrong as never)).toThrow();
		}
		socket.close();
	});

	it("write-overflow: takes all or throws, and nothing was taken then", async () => {
		const { socket, events } = await joined();
		expect(() => socket.write(new Uint8Array(BUFFER_BYTES + 1))).toThrow(RangeError);
		socket.write(text("mute"));
		await settle();
		let isFull = false;
		// What the kernel takes is not ours to know; in the end nobody reads and it takes no more.
		for (let count = 0; count < 5000 && !isFull; count++) {
			try {
				isFull = socket.write(new Uint8Array(4096)) < 4096;
			} catch {
				isFull = true;
			}
		}
		expect(isFull).toBe(true);
		expect(events.filter((event) => event.startsWith("error"))).toEqual([]);
		socket.close();
	});

	it("keeps received bytes within 8192 while nobody reads, and loses none", async () => {
		const { socket, events } = await joined();
		socket.write(text("flood"));
		await until(() => events.includes("readable 8192"));
		await settle();
		let total = 0;
		await until(() => {
			total += socket.read()?.byteLength ?? 0;
			return total === 100_000;
		});
		const counts = events.filter((event) => event.startsWith("readable"));
		expect(Math.max(...counts.map((event) => Number(event.slice(9))))).toBe(8192);
		socket.close();
	});

	it("onError: once, without a detail, after everything received was read", async () => {
		const { socket, events } = await joined();
		socket.write(text("end"));
		await until(() => events.some((event) => event.startsWith("readable")));
		await settle();
		expect(events.filter((event) => event.startsWith("error"))).toEqual([]);
		expect(new Uint8Array(socket.read() as ArrayBuffer)).toEqual(text("bye"));
		await until(() => events.includes("error undefined"));
		await settle();
		expect(events.filter((event) => event.startsWith("error"))).toHaveLength(1);
		expect(() => socket.write(text("x"))).toThrow();
		expect(() => socket.read()).toThrow();
		socket.close();
	});

	it("onError: for a reset and for a refused connection alike", async () => {
		const { socket, events } = await joined();
		socket.write(text("reset"));
		await until(() => events.includes("error undefined"));
		socket.close();
		const refused = join(1);
		expect(() => refused.socket.write(text("x"))).toThrow();
		await until(() => refused.events.includes("error undefined"));
		expect(refused.events).toEqual(["error undefined"]);
		refused.socket.close();
	});

	it("close-twice, and use-after-close", async () => {
		const { socket } = await joined();
		socket.close();
		socket.close();
		expect(() => socket.read()).toThrow();
		expect(() => socket.write(text("x"))).toThrow();
	});

	it("no-callback-after-close, not even for what has arrived", async () => {
		const { socket, events } = await joined();
		socket.write(text("echo"));
		socket.close();
		await settle(50);
		expect(events).toEqual(["writable 8192"]);
	});

	it("close inside each callback", async () => {
		for (const name of ["onWritable", "onReadable", "onError"]) {
			let calls = 0;
			const socket: TCP = new TCP({
				...{ address: "127.0.0.1", port },
				onWritable: () => void socket.write(text("end")),
				[name]: () => {
					calls++;
					socket.close();
				},
				...(name === "onError" && { onReadable: () => void socket.read() }),
			});
			await until(() => calls > 0);
			await settle();
			expect(calls).toBe(1);
		}
	});

	it("invalid-receiver: every method refuses what is no TCP socket", () => {
		const { read, write, close } = TCP.prototype;
		for (const receiver of [{}, undefined, null, 1, "x", new Uint8Array(4), Object.create(null)]) {
			expect(() => read.call(receiver as never)).toThrow();
			expect(() => write.call(receiver as never, text("x"))).toThrow();
			expect(() => close.call(receiver as never)).toThrow();
		}
	});

	it("gives up its file when it is collected without being closed", async () => {
		for (let count = 0; count < 200; count++) {
			const { socket } = join();
			await settle(1);
			socket.close();
		}
		const { socket } = await joined();
		socket.close();
	});
});
