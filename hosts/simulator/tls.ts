// The TLS port of a simulated board: the client's end of the toy TLS over any TCP, with the codes,
// the order of calls and the costs of the real one. It verifies its peer always.

import type {
	ByteSource,
	KeyStore,
	Socket,
	SocketErrorCode,
	TLSConstructor,
	TLSOptions,
} from "../../src/ports.js";
import { toHex } from "../../src/bytes/hex.js";
import { ByteQueue } from "./byte-queue.js";
import type { Gate } from "./gate.js";
import type { Heap, HeapShare } from "./heap.js";
import type { Random } from "./random.js";
import { SocketError } from "./socket-error.js";
import { judgeCertificate, readCertificate } from "./tls-certificate.js";
import {
	ALERTS,
	alertContent,
	FLIGHT_BYTES,
	flightRecord,
	readFlight,
	TICKET_BYTES,
	type Flight,
	type FlightFields,
} from "./tls-flights.js";
import { clientProof } from "./tls-proof.js";
import {
	RECORD_ALERT,
	RECORD_DATA,
	RECORD_HANDSHAKE,
	RECORD_OVERHEAD_BYTES,
	RecordCipher,
	RecordReader,
	sessionKey,
	type TLSRecord,
} from "./tls-records.js";
import { type KeptTicket, sessionKeyOf, type TicketCache } from "./ticket-cache.js";

export interface TLSClientOptions {
	readonly gate: Gate;
	readonly random: Random;
	readonly keyStore: KeyStore;
	readonly heap: Heap;
	/** One per boot: tickets are in memory. */
	readonly tickets: TicketCache;
	/** Milliseconds that the chip computes, by now. */
	readonly costs: HandshakeCosts;
}

/** May be changed at any time. */
export interface HandshakeCosts {
	fullMs: number;
	resumedMs: number;
}

/** Bytes that are decrypted ahead of their being read. */
const PLAIN_BYTES_MAX = 8192;

type State = "connecting" | "open" | "ended" | "failed" | "closed";

/** The TLS port of one boot. */
export function tlsConstructor(client: TLSClientOptions): TLSConstructor {
	return class extends VirtualTLS {
		constructor(options: TLSOptions) {
			super(options, client);
		}
	};
}

class VirtualTLS implements Socket {
	readonly #options: TLSOptions;
	readonly #client: TLSClientOptions;
	readonly #memory: HeapShare;
	readonly #transport: Socket;
	readonly #reader = new RecordReader();
	readonly #received = new ByteQueue();
	readonly #random: string;
	readonly #sessionKey: string;
	#ticket: KeptTicket | undefined;
	#certificate: Uint8Array | undefined;
	#notBefore: number | undefined;
	#isHelloSent = false;
	#isComputing = false;
	#receiving: RecordCipher | undefined;
	#sending: RecordCipher | undefined;
	#transportRoom = 0;
	#hasBacklog = false;
	#hasTransportEnded = false;
	#error: SocketErrorCode | undefined;
	#state: State = "connecting";

	constructor(options: TLSOptions, client: TLSClientOptions) {
		const { secure, TCP, address, port, noDelay } = options;
		if (secure.authorities.length === 0) throw new RangeError("secure.authorities: empty");
		this.#options = options;
		this.#client = client;
		this.#random = toHex(client.random.bytes(16));
		this.#sessionKey = sessionKeyOf(port, secure);
		const memory = client.heap.takeForHandshake();
		if (!memory) throw new SocketError("tls-resources");
		this.#memory = memory;
		this.#transport = new TCP.io({
			address,
			port,
			...(noDelay !== undefined && { noDelay }),
			onReadable: () => this.#pump(),
			onWritable: (byteLength) => this.#onRoom(byteLength),
			onError: () => this.#onTransportEnd(),
		});
	}

	read(byteLength?: number): ArrayBuffer | undefined {
		this.#checkOpen();
		const { gate } = this.#client;
		if (this.#received.byteLength === 0) return undefined;
		const buffer = this.#received.takeBuffer(byteLength);
		if (this.#state === "ended") gate.after(0, () => this.#tellError());
		else if (this.#hasBacklog) {
			this.#hasBacklog = false;
			gate.after(0, () => this.#pump());
		}
		return buffer;
	}

	write(bytes: ByteSource): number {
		this.#checkOpen();
		if (this.#state === "connecting") throw new Error("TLS: not connected");
		const content = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
		if (content.length > this.#room) throw new RangeError("TLS: no room");
		if (this.#state !== "open" || content.length === 0) return this.#room;
		this.#send((this.#sending as RecordCipher).protect(RECORD_DATA, content));
		return this.#room;
	}

	close(): void {
		if (this.#state === "closed") return;
		if (this.#state === "open") this.#sayGoodbye();
		this.#state = "closed";
		this.#received.clear();
		this.#release();
	}

	get #room(): number {
		return Math.max(0, this.#transportRoom - RECORD_OVERHEAD_BYTES);
	}

	#checkOpen(): void {
		if (this.#state === "closed") throw new Error("TLS: closed");
		if (this.#state === "failed") throw new Error("TLS: failed");
	}

	#sayGoodbye(): void {
		if (this.#transportRoom < RECORD_OVERHEAD_BYTES + 2) return;
		const sending = this.#sending as RecordCipher;
		this.#send(sending.protect(RECORD_ALERT, alertContent(ALERTS.closeNotify)));
	}

	#release(): void {
		this.#memory.free();
		this.#transport.close();
	}

	#send(record: Uint8Array): void {
		this.#transportRoom = this.#transport.write(record);
	}

	// ------------------------------------------------------------ the transport

	#onRoom(byteLength: number): void {
		this.#transportRoom = byteLength;
		if (this.#state === "open") return this.#tellWritable();
		if (this.#state !== "connecting" || this.#isHelloSent) return;
		this.#isHelloSent = true;
		this.#ticket = this.#client.tickets.take(this.#sessionKey);
		const { serverName } = this.#options.secure;
		const byteLengthMin = FLIGHT_BYTES["client-hello"] + (this.#ticket ? TICKET_BYTES : 0);
		const fields = { random: this.#random, serverName, ticket: this.#ticket?.ticket };
		this.#send(flightRecord("client-hello", fields, byteLengthMin));
	}

	#onTransportEnd(): void {
		this.#hasTransportEnded = true;
		this.#pump();
		if (this.#isComputing) return; // what it computes comes first, and then the end
		if (this.#state === "connecting") this.#fail("tcp");
		else if (this.#state === "open" && !this.#hasBacklog) this.#fail("tls-truncated");
	}

	/** Reads records as long as there is room for what they hold. */
	#pump(): void {
		if (this.#isComputing) return;
		const before = this.#received.byteLength;
		while (this.#state === "connecting" || this.#state === "open") {
			const record = this.#reader.next();
			if (record === "broken") this.#fail(this.#brokenCode());
			else if (record) this.#onRecord(record);
			else if (!this.#refill()) break;
			if (this.#isComputing) return;
		}
		if (this.#received.byteLength > before) this.#tellReadable();
	}

	/** Takes what the transport has. `false` where there is nothing, or no room for more. */
	#refill(): boolean {
		this.#hasBacklog = this.#received.byteLength >= PLAIN_BYTES_MAX;
		if (this.#hasBacklog || this.#hasTransportEnded) return false;
		const bytes = this.#transport.read();
		if (!bytes) return false;
		this.#reader.push(new Uint8Array(bytes));
		return true;
	}

	#brokenCode(): SocketErrorCode {
		return this.#state === "open" ? "tls-record" : "tls-handshake";
	}

	// ------------------------------------------------------------ records

	#onRecord(record: TLSRecord): void {
		const { type, body } = record;
		if (type === RECORD_HANDSHAKE) {
			const flight = readFlight(body);
			return flight ? this.#onFlight(flight) : this.#fail(this.#brokenCode());
		}
		// Until it has finished, neither side protects what it says.
		const content = this.#state === "open" ? this.#receiving?.open(record) : body;
		if (!content) return this.#fail("tls-record");
		if (type === RECORD_ALERT) return this.#onAlert(content[1] as number);
		if (this.#state !== "open" || type !== RECORD_DATA) return this.#fail(this.#brokenCode());
		this.#received.push(content);
	}

	#onAlert(code: number): void {
		const isOpen = this.#state === "open";
		if (code === ALERTS.closeNotify) return this.#fail(isOpen ? "tls-closed" : "tls-handshake");
		if (code === ALERTS.badCertificate) return this.#fail("tls-client-certificate");
		if (code === ALERTS.protocolVersion) return this.#fail("tls-version");
		this.#fail(this.#brokenCode());
	}

	#onFlight({ name, fields, certificate }: Flight): void {
		const { costs } = this.#client;
		if (name === "server-finished") return this.#onFinished(fields);
		if (this.#state !== "connecting" || this.#receiving) return this.#fail(this.#brokenCode());
		if (name === "server-hello") {
			this.#certificate = certificate;
			this.#compute(costs.fullMs, () => this.#answerHello(fields));
		} else if (name === "server-resumed" && this.#ticket) {
			this.#certificate = this.#ticket.certificate;
			this.#compute(costs.resumedMs, () => this.#answerResumed(fields));
		} else this.#fail("tls-handshake");
	}

	/** The chip computes; what comes meanwhile waits. */
	#compute(costMs: number, next: () => void): void {
		this.#isComputing = true;
		this.#client.gate.after(costMs, () => {
			this.#isComputing = false;
			if (this.#state !== "connecting") return;
			next();
			if (this.#hasTransportEnded) this.#onTransportEnd();
			else this.#pump();
		});
	}

	#answerHello(fields: FlightFields): void {
		const serverRandom = fields["random"] ?? "";
		const problem = this.#judge();
		if (problem) return this.#fail(problem);
		const answer = this.#identify(serverRandom);
		if (answer === undefined) return this.#fail("tls-handshake");
		if (this.#hasTransportEnded) return;
		this.#makeKeys(serverRandom);
		const certificate = this.#options.secure.identity?.certificates[0] as Uint8Array | undefined;
		const byteLength = FLIGHT_BYTES["client-key"] + (certificate?.length ?? 0);
		this.#send(flightRecord("client-key", answer, byteLength, certificate));
		if (fields["version"] === "1.3") this.#open();
	}

	#answerResumed(fields: FlightFields): void {
		const problem = this.#judge();
		if (problem) return this.#fail(problem);
		if (this.#hasTransportEnded) return;
		this.#makeKeys(fields["random"] ?? "");
		this.#send(flightRecord("client-finished", {}, FLIGHT_BYTES["client-finished"]));
		// TLS 1.2 goes on using the session that it resumed.
		this.#client.tickets.keep(this.#sessionKey, this.#ticket as KeptTicket);
		this.#open();
	}

	#onFinished({ ticket }: FlightFields): void {
		if (!this.#receiving) return this.#fail(this.#brokenCode());
		const certificate = this.#certificate as Uint8Array;
		if (ticket !== undefined) this.#client.tickets.keep(this.#sessionKey, { ticket, certificate });
		if (this.#state === "connecting") this.#open();
	}

	/** A resumed session is judged again: its dates may have passed. */
	#judge(): SocketErrorCode | undefined {
		const certificate = this.#certificate && readCertificate(this.#certificate);
		this.#notBefore = certificate?.notBefore;
		return certificate ? judgeCertificate(certificate, this.#options.secure) : "tls-handshake";
	}

	/** The proof that the key of our certificate is ours; `undefined` where the key is gone. */
	#identify(serverRandom: string): FlightFields | undefined {
		const { identity } = this.#options.secure;
		if (!identity) return {};
		const { keyStore } = this.#client;
		const publicKey = keyStore.publicKey(identity.key);
		if (!publicKey) return undefined;
		const signature = keyStore.sign(identity.key, clientProof(this.#random, serverRandom));
		return {
			publicKey: toHex(new Uint8Array(publicKey)),
			signature: toHex(new Uint8Array(signature)),
		};
	}

	#makeKeys(serverRandom: string): void {
		const key = sessionKey(this.#random, serverRandom);
		this.#sending = new RecordCipher(key);
		this.#receiving = new RecordCipher(~key);
	}

	#open(): void {
		this.#state = "open";
		this.#memory.settle();
		this.#options.secure.onVerified?.({ notBefore: this.#notBefore as number });
		if (this.#state === "open") this.#tellWritable();
	}

	// ------------------------------------------------------------ what the program is told

	/** Also what came before a failure. */
	#tellReadable(): void {
		if (this.#state !== "open" && this.#state !== "ended") return;
		this.#options.onReadable?.(this.#received.byteLength);
	}

	#tellWritable(): void {
		this.#options.onWritable?.(this.#room);
	}

	/** The first cause wins. */
	#fail(code: SocketErrorCode): void {
		if (this.#state !== "connecting" && this.#state !== "open") return;
		this.#state = "ended";
		this.#error = code;
		if (code === "tls-record") this.#client.tickets.drop(this.#sessionKey);
		this.#release();
		this.#client.gate.after(0, () => this.#tellError());
	}

	#tellError(): void {
		if (this.#state !== "ended" || this.#received.byteLength > 0) return;
		this.#state = "failed";
		this.#options.onError?.(new SocketError(this.#error ?? "tls-handshake"));
	}
}
