// The proxy does to a connection what it says. An echo server stands in for the broker: only bytes
// matter.

import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { Random } from "../../hosts/simulator/random.js";
import { ChaosProxy } from "../../tools/start/proxy.js";

describe("ChaosProxy", () => {
	let server: Server;
	let proxy: ChaosProxy;
	let received: Buffer[];
	/** Connections of the server that are open. */
	const opened = new Set<Socket>();
	const clients: Client[] = [];

	beforeEach(async () => {
		received = [];
		server = createServer((socket) => {
			opened.add(socket);
			socket.on("close", () => opened.delete(socket));
			socket.on("error", () => undefined);
			socket.on("data", (bytes) => {
				received.push(bytes);
				socket.write(bytes);
			});
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const { port } = server.address() as AddressInfo;
		proxy = await ChaosProxy.start({ target: { host: "127.0.0.1", port }, record: true });
	});

	afterEach(async () => {
		for (const client of clients.splice(0)) client.socket.destroy();
		await proxy.close();
		await new Promise((resolve) => server.close(resolve));
	});

	async function open(): Promise<Client> {
		const client = new Client(connect(proxy.port, "127.0.0.1"));
		clients.push(client);
		await client.connected;
		return client;
	}

	/** The client may hear of a cut before the server has read what came before it. */
	async function serverHasReadAll(): Promise<void> {
		while (opened.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
	}

	it("passes bytes both ways and keeps a copy", async () => {
		const client = await open();
		client.socket.write("one two");
		await client.receive(7);
		expect(client.text).toBe("one two");
		expect(proxy.recorded("up").toString()).toBe("one two");
		expect(proxy.recorded("down").toString()).toBe("one two");
	});

	it("resets what is open and refuses what is new while it is cut", async () => {
		const client = await open();
		client.socket.write("a");
		await client.receive(1);
		await proxy.cut();
		expect(await client.ended).toBe("ECONNRESET");
		await expect(open()).rejects.toThrow("ECONNREFUSED");
		await proxy.restore();
		await open();
		expect(proxy.connections).toBe(2);
	});

	it("lets nothing through while it hangs, and everything afterwards", async () => {
		const client = await open();
		client.socket.write("a");
		await client.receive(1);
		proxy.hang();
		client.socket.write("b");
		const late = await open();
		late.socket.write("c");
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(Buffer.concat(received).toString()).toBe("a");
		await proxy.restore();
		await client.receive(2);
		await late.receive(1);
		expect(client.text).toBe("ab");
		expect(late.text).toBe("c");
	});

	it("cuts at the byte that was asked for, and only once", async () => {
		const client = await open();
		proxy.cutAfter(5);
		client.socket.write("hello world");
		expect(await client.ended).toBe("ECONNRESET");
		await serverHasReadAll();
		expect(Buffer.concat(received).toString()).toBe("hello");
		const next = await open();
		next.socket.write("hello world");
		await next.receive(11);
	});

	it("cuts at the same bytes again when the seed is the same", async () => {
		const passed: number[][] = [];
		for (let run = 0; run < 2; run++) {
			const random = new Random(7);
			proxy.cutAtRandom(() => random.integer(0, 50));
			const counts: number[] = [];
			for (let connection = 0; connection < 5; connection++) {
				received.length = 0;
				const client = await open();
				client.socket.write("x".repeat(100));
				await client.ended;
				await serverHasReadAll();
				counts.push(Buffer.concat(received).length);
			}
			passed.push(counts);
		}
		expect(passed[0]).toEqual(passed[1]);
		expect(new Set(passed[0]).size).toBeGreaterThan(1);
	});

	it("holds bytes back for the delay", async () => {
		const client = await open();
		proxy.delay(50);
		client.socket.write("a");
		const started = performance.now();
		await client.receive(1);
		expect(performance.now() - started).toBeGreaterThan(90);
	});
});

class Client {
	readonly socket: Socket;
	readonly connected: Promise<void>;
	/** The code with which the connection ended; "end" where the peer closed it in peace. */
	readonly ended: Promise<string>;
	text = "";
	#arrived: () => void = () => undefined;

	constructor(socket: Socket) {
		this.socket = socket;
		this.connected = new Promise((resolve, reject) => {
			socket.once("connect", resolve);
			socket.once("error", reject);
		});
		this.ended = new Promise((resolve) => {
			socket.once("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
			socket.once("end", () => resolve("end"));
		});
		socket.on("data", (bytes) => {
			this.text += bytes.toString();
			this.#arrived();
		});
	}

	/** Waits until `count` characters came, all together. */
	async receive(count: number): Promise<void> {
		while (this.text.length < count) {
			await new Promise<void>((resolve) => (this.#arrived = resolve));
		}
	}
}
