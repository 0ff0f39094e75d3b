// The server's end of the toy TLS, over one connection, with the ways in which servers fail their
// clients.

import { fromHex, toHex } from "../../src/bytes/hex.js";
import type { Ending, ServerConnection } from "./connection.js";
import {
	ALERTS,
	alertContent,
	alertRecord,
	FLIGHT_BYTES,
	flightRecord,
	readFlight,
	type Flight,
	type FlightFields,
	type FlightName,
} from "./tls-flights.js";
import { certificateDER, readCertificate, type SimulatedCertificate } from "./tls-certificate.js";
import { clientProof } from "./tls-proof.js";
import {
	RECORD_ALERT,
	RECORD_DATA,
	RECORD_HANDSHAKE,
	RECORD_HEADER_BYTES,
	RecordCipher,
	RecordReader,
	sessionKey,
	type TLSRecord,
} from "./tls-records.js";
import type { Random } from "./random.js";

/** How a server lets a handshake fail. */
export type FailureManner = "alert" | "close" | "reset" | "garbage" | "truncate" | "silence";

/** Read at each moment anew: a test may change any of it at any time. */
export interface TLSServerSettings {
	certificate: SimulatedCertificate;
	/** Without it every client is welcome, one without a certificate too. */
	acceptClient?: ((certificate: SimulatedCertificate | undefined) => boolean) | undefined;
	/** Whether `signature` of `message` is by the key of `certificate`. Without it: not looked at. */
	verifyClient?: ((proof: ClientProof) => boolean) | undefined;
	/**
	 * 1.1: nothing that the device accepts. 1.3: the client has finished before it is judged, so that
	 * a refusal comes after its handshake.
	 */
	version?: "1.1" | "1.2" | "1.3";
	/** How a client's certificate is refused. */
	refusal?: "alert" | "close" | "reset";
	/** Tickets that this server knows; a new set: it has restarted. Without: no resumption. */
	tickets?: TLSTickets | undefined;
	/** The server's `flight` fails, 1 or 2. */
	failure?: { readonly flight: 1 | 2; readonly manner: FailureManner } | undefined;
}

export interface ClientProof {
	readonly certificate: SimulatedCertificate;
	readonly publicKey: Uint8Array;
	readonly message: Uint8Array;
	readonly signature: Uint8Array;
}

/** A connection on which bytes are protected. `close` says goodbye; `reset` does not. */
export interface SecureConnection extends ServerConnection {
	/** The first name in the client's certificate, where it showed one. */
	readonly clientName: string | undefined;
	readonly isResumed: boolean;
	/** The transport ends in order, and the session without its close_notify. */
	truncate(): void;
	/** One byte of the next record breaks on its way. */
	breakNextRecord(): void;
}

const TICKETS_MAX = 4096;
/** What a record of TLS carries at most. */
const RECORD_CONTENT_BYTES_MAX = 16_384;

/** Sessions that a server can resume, and how often it did. */
export class TLSTickets {
	full = 0;
	resumed = 0;
	readonly #names = new Map<string, string | undefined>();
	#next = 0;

	issue(clientName: string | undefined, random: Random): string {
		const ticket = `${this.#next++}.${random.uint32().toString(16)}`;
		this.#names.set(ticket, clientName);
		for (const oldest of this.#names.keys()) {
			if (this.#names.size <= TICKETS_MAX) break;
			this.#names.delete(oldest);
		}
		return ticket;
	}

	has(ticket: string): boolean {
		return this.#names.has(ticket);
	}

	clientName(ticket: string): string | undefined {
		return this.#names.get(ticket);
	}
}

/** Answers a handshake on `connection`. `onSecure` is called once, if it succeeds. */
export function serveTLS(
	connection: ServerConnection,
	settings: TLSServerSettings,
	random: Random,
	onSecure: (secure: SecureConnection) => void,
): void {
	new ServerSession(connection, settings, random, onSecure);
}

class ServerSession implements SecureConnection {
	readonly id: number;
	readonly from: string;
	onData: ((bytes: Uint8Array) => void) | undefined;
	onClosed: ((how: Ending) => void) | undefined;
	clientName: string | undefined;
	isResumed = false;
	readonly #connection: ServerConnection;
	readonly #settings: TLSServerSettings;
	readonly #random: Random;
	readonly #onSecure: (secure: SecureConnection) => void;
	readonly #reader = new RecordReader();
	readonly #serverRandom: string;
	#clientRandom = "";
	#receiving: RecordCipher | undefined;
	#sending: RecordCipher | undefined;
	#isHelloSaid = false;
	#isOver = false;
	#breaksNext = false;

	constructor(
		connection: ServerConnection,
		settings: TLSServerSettings,
		random: Random,
		onSecure: (secure: SecureConnection) => void,
	) {
		this.id = connection.id;
		this.from = connection.from;
		this.#connection = connection;
		this.#settings = settings;
		this.#random = random;
		this.#onSecure = onSecure;
		this.#serverRandom = toHex(random.bytes(16));
		connection.onData = (bytes) => this.#receive(bytes);
		connection.onClosed = (how) => this.#ended(how);
	}

	write(bytes: Uint8Array): void {
		for (let at = 0; at < bytes.length; at += RECORD_CONTENT_BYTES_MAX) {
			if (this.#isOver || !this.#sending) return;
			const content = bytes.subarray(at, at + RECORD_CONTENT_BYTES_MAX);
			const record = this.#sending.protect(RECORD_DATA, content);
			if (this.#breaksNext) this.#break(record);
			this.#breaksNext = false;
			this.#connection.write(record);
		}
	}

	close(): void {
		if (this.#isOver) return;
		this.#alert(ALERTS.closeNotify);
		this.truncate();
	}

	truncate(): void {
		this.#isOver = true;
		this.#connection.close();
	}

	reset(): void {
		this.#isOver = true;
		this.#connection.reset();
	}

	stopReading(): void {
		this.#connection.stopReading();
	}

	resumeReading(): void {
		this.#connection.resumeReading();
	}

	breakNextRecord(): void {
		this.#breaksNext = true;
	}

	// ------------------------------------------------------------ the handshake

	#receive(bytes: Uint8Array): void {
		this.#reader.push(bytes);
		while (!this.#isOver) {
			const record = this.#reader.next();
			if (record === undefined) return;
			if (record === "broken") return this.#refuse("alert", ALERTS.handshakeFailure);
			if (this.#receiving) this.#onProtected(record, this.#receiving);
			else if (record.type === RECORD_HANDSHAKE) this.#onFlight(record.body);
			else return this.truncate(); // an alert: the client refused us
		}
	}

	#onFlight(body: Uint8Array): void {
		const flight = readFlight(body);
		switch (flight?.name) {
			case "client-hello":
				return this.#onHello(flight.fields);
			case "client-key":
				return this.#onKey(flight);
			case "client-finished":
				return this.#secure();
			default:
				return this.#refuse("alert", ALERTS.handshakeFailure);
		}
	}

	#onHello({ random, ticket }: FlightFields): void {
		const { certificate, version, tickets } = this.#settings;
		this.#clientRandom = random ?? "";
		if (version === "1.1") return this.#refuse("alert", ALERTS.protocolVersion);
		if (this.#fails(1)) return;
		if (ticket !== undefined && tickets?.has(ticket)) {
			this.isResumed = true;
			tickets.resumed++;
			this.clientName = tickets.clientName(ticket);
			return this.#say("server-resumed", { random: this.#serverRandom });
		}
		const chain = certificateDER(certificate);
		this.#isHelloSaid = true;
		this.#say(
			"server-hello",
			{ random: this.#serverRandom, version },
			FLIGHT_BYTES["server-hello"] + chain.length,
			chain,
		);
	}

	#onKey(flight: Flight): void {
		const { acceptClient, tickets, refusal = "alert" } = this.#settings;
		const certificate = this.#clientCertificate(flight);
		if (certificate === "forged") return this.#refuse(refusal, ALERTS.badCertificate);
		if (acceptClient && !acceptClient(certificate)) {
			return this.#refuse(refusal, ALERTS.badCertificate);
		}
		if (this.#fails(2)) return;
		this.clientName = certificate?.names[0];
		if (tickets) tickets.full++;
		const ticket = tickets?.issue(this.clientName, this.#random);
		this.#say("server-finished", { ticket });
		this.#secure();
	}

	#clientCertificate(flight: Flight): SimulatedCertificate | "forged" | undefined {
		const { publicKey, signature } = flight.fields;
		if (flight.certificate.length === 0) return undefined;
		const shown = readCertificate(flight.certificate);
		if (!shown) return "forged";
		const proof = {
			certificate: shown,
			publicKey: bytesOf(publicKey),
			message: clientProof(this.#clientRandom, this.#serverRandom),
			signature: bytesOf(signature),
		};
		return this.#settings.verifyClient?.(proof) === false ? "forged" : shown;
	}

	#secure(): void {
		this.#receiving = new RecordCipher(this.#key);
		this.#sending = new RecordCipher(~this.#key);
		this.#onSecure(this);
	}

	#say(
		name: FlightName,
		fields: FlightFields,
		byteLength = FLIGHT_BYTES[name],
		certificate?: Uint8Array,
	): void {
		this.#connection.write(flightRecord(name, fields, byteLength, certificate));
	}

	// ------------------------------------------------------------ what goes wrong

	/** Whether `flight` was made to fail. */
	#fails(flight: 1 | 2): boolean {
		const { failure } = this.#settings;
		if (failure?.flight !== flight) return false;
		const { manner } = failure;
		if (manner === "silence") this.#isOver = true;
		else if (manner === "garbage") this.#connection.write(this.#random.bytes(64).fill(0x48, 0, 1));
		else if (manner === "truncate") {
			this.#connection.write(flightRecord("server-hello", {}, 600).subarray(0, 300));
			this.truncate();
		} else this.#refuse(manner, ALERTS.handshakeFailure);
		return true;
	}

	/** Some bit behind the header, whose length would have the client wait instead. */
	#break(record: Uint8Array): void {
		const at = this.#random.integer(RECORD_HEADER_BYTES, record.length - 1);
		record[at] = (record[at] as number) ^ (1 << this.#random.integer(0, 7));
	}

	#refuse(manner: "alert" | "close" | "reset", code: number): void {
		if (manner === "reset") return this.reset();
		if (manner === "alert") this.#alert(code);
		this.truncate();
	}

	/** In the protection that the client expects: under 1.3 it has finished before we have judged. */
	#alert(code: number): void {
		const isLate = this.#settings.version === "1.3" && this.#isHelloSaid;
		const sending = this.#sending ?? (isLate ? new RecordCipher(~this.#key) : undefined);
		const content = alertContent(code);
		this.#connection.write(sending?.protect(RECORD_ALERT, content) ?? alertRecord(code));
	}

	get #key(): number {
		return sessionKey(this.#clientRandom, this.#serverRandom);
	}

	#onProtected(record: TLSRecord, cipher: RecordCipher): void {
		const content = cipher.open(record);
		if (!content) {
			this.reset();
			this.onClosed?.("reset");
		} else if (record.type === RECORD_DATA) this.onData?.(content);
		else this.#goodbye();
	}

	/** The client's close_notify: answered by the end of the transport. */
	#goodbye(): void {
		this.truncate();
		this.onClosed?.("closed");
	}

	#ended(how: Ending): void {
		if (this.#isOver) return;
		this.#isOver = true;
		if (this.#receiving) this.onClosed?.(how);
	}
}

function bytesOf(hex: string | undefined): Uint8Array {
	return fromHex(hex ?? "") ?? new Uint8Array(0);
}
