// A man in the middle who cannot decrypt: sees the TLS records that a server sends, and may change,
// drop, swap and repeat them. What the client sends passes unchanged.
import { connect, createServer, type Server, type Socket } from "node:net";

const HEADER_BYTES = 5;

/** Gets each record of the server with its number; what it returns goes on, and `cut` ends all. */
export type EditRecord = (record: Buffer, index: number, cut: () => void) => readonly Buffer[];

export class RecordProxy {
	readonly #server: Server;
	readonly #sockets: Socket[] = [];

	private constructor(server: Server) {
		this.#server = server;
	}

	static async start(target: number, edit: EditRecord): Promise<RecordProxy> {
		const server = createServer();
		const proxy = new RecordProxy(server);
		server.on("connection", (client) => proxy.#join(client, connect(target, "127.0.0.1"), edit));
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return proxy;
	}

	get port(): number {
		return (this.#server.address() as { port: number }).port;
	}

	close(): void {
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
	}

	#join(client: Socket, server: Socket, edit: EditRecord): void {
		let waiting = Buffer.alloc(0);
		let count = 0;
		let isCut = false;
		for (const socket of [client, server]) {
			this.#sockets.push(socket);
			socket.setNoDelay(true);
			socket.on("error", () => undefined);
		}
		client.on("data", (bytes) => server.write(bytes));
		client.on("close", () => server.destroy());
		server.on("close", () => client.end());
		server.on("data", (bytes) => {
			waiting = Buffer.concat([waiting, bytes]);
			while (!isCut && waiting.length >= HEADER_BYTES) {
				const length = HEADER_BYTES + waiting.readUInt16BE(3);
				if (waiting.length < length) break;
				const record = Buffer.from(waiting.subarray(0, length));
				waiting = waiting.subarray(length);
				for (const part of edit(record, count++, () => (isCut = true))) client.write(part);
				if (isCut) client.end();
			}
		});
	}
}

/** The type of the first handshake message in a plaintext record; 0 in others. */
export function handshakeTypeOf(record: Buffer): number {
	return record[0] === 22 ? (record[HEADER_BYTES] ?? 0) : 0;
}

/** The record with another body, and a length that fits. */
export function withBody(record: Buffer, body: Buffer): Buffer {
	const header = Buffer.from(record.subarray(0, HEADER_BYTES));
	header.writeUInt16BE(body.length, 3);
	return Buffer.concat([header, body]);
}
