// TLS client socket over the ECMA-419 TCP class given in the options. The session below is C; this
// class moves bytes between it and the transport, and tells its owner. It verifies always, and
// cannot be told to verify less.
import type { ByteSource, PortError, Socket, SocketCallbacks } from "../../src/ports.js";
import type { SocketErrorCode, TLSOptions, TLSSecureOptions } from "../../src/ports.js";

export interface TLSSocketOptions extends TLSOptions {
	secure: TLSSecureOptions & {
		/** Asks for records of at most so many bytes: 512, 1024, 2048 or 4096. */
		readonly maxFragmentBytes?: number;
	};
}

/** What a step says, besides failures, which are negative. */
const WANTS_INPUT = 0;
const WANTS_OUTPUT = 1;
const READABLE = 3;

/** By the number of the failure, as tls-session.h counts them. */
const CODES: readonly SocketErrorCode[] = Object.freeze([
	"tls-handshake",
	"tcp",
	"tls-authority",
	"tls-host-name",
	"tls-expired",
	"tls-not-yet-valid",
	"tls-pin",
	"tls-version",
	"tls-client-certificate",
	"tls-resources",
	"tls-handshake",
	"tls-record",
	"tls-truncated",
	"tls-closed",
]);

const PIN_BYTES = 32;
const AUTHORITIES_MAX = 16;
const PINS_MAX = 8;
const PROTOCOLS_MAX = 4;
/** Room in the transport that stays free for an alert and close_notify, both encrypted. */
const RESERVED_BYTES = 80;

type State = "connecting" | "open" | "ended" | "failed" | "closed";

class TLSError extends Error implements PortError {
	readonly code: SocketErrorCode;

	constructor(code: SocketErrorCode) {
		super(`TLS: ${code}`);
		this.code = code;
	}

	override get name(): string {
		return "TLSError";
	}
}

/** The binding: every method is one C function, without logic. */
class Session extends Native("xs_tls_socket_destructor") {
	constructor(serverName: string, port: number) {
		super();
		native("xs_tls_socket_constructor").call(this, serverName, port);
	}
	close(): void {
		return native("xs_tls_socket_close").call(this);
	}
	addAuthority(bytes: Uint8Array): void {
		return native("xs_tls_socket_add_authority").call(this, bytes);
	}
	addCertificate(bytes: Uint8Array): void {
		return native("xs_tls_socket_add_certificate").call(this, bytes);
	}
	addPin(bytes: Uint8Array): void {
		return native("xs_tls_socket_add_pin").call(this, bytes);
	}
	addProtocol(name: string): void {
		return native("xs_tls_socket_add_protocol").call(this, name);
	}
	setKey(name: string): void {
		return native("xs_tls_socket_set_key").call(this, name);
	}
	setTime(unixSeconds: number, isLowerBound: boolean): void {
		return native("xs_tls_socket_set_time").call(this, unixSeconds, isLowerBound);
	}
	setFragment(bytes: number): void {
		return native("xs_tls_socket_set_fragment").call(this, bytes);
	}
	start(): number {
		return native("xs_tls_socket_start").call(this);
	}
	inputRoom(): number {
		return native("xs_tls_socket_input_room").call(this);
	}
	feed(bytes: ArrayBuffer): void {
		return native("xs_tls_socket_feed").call(this, bytes);
	}
	end(): void {
		return native("xs_tls_socket_end").call(this);
	}
	step(): number {
		return native("xs_tls_socket_step").call(this);
	}
	drain(byteLength: number): ArrayBuffer | undefined {
		return native("xs_tls_socket_drain").call(this, byteLength);
	}
	isOpen(): boolean {
		return native("xs_tls_socket_is_open").call(this);
	}
	isResumed(): boolean {
		return native("xs_tls_socket_is_resumed").call(this);
	}
	recordBytes(): number {
		return native("xs_tls_socket_record_bytes").call(this);
	}
	recordOverhead(): number {
		return native("xs_tls_socket_record_overhead").call(this);
	}
	readable(): number {
		return native("xs_tls_socket_readable").call(this);
	}
	read(byteLength: number): ArrayBuffer | undefined {
		return native("xs_tls_socket_read").call(this, byteLength);
	}
	write(bytes: ByteSource, from: number, to: number): number {
		return native("xs_tls_socket_write").call(this, bytes, from, to);
	}
	finish(): void {
		return native("xs_tls_socket_finish").call(this);
	}
}

export class TLSSocket implements Socket {
	readonly #session: Session;
	#callbacks: SocketCallbacks;
	#transport: Socket | undefined;
	#state: State = "connecting";
	#error: SocketErrorCode = "tls-handshake";
	/** Bytes that wait in the transport. */
	#received = 0;
	/** Bytes that the transport takes. */
	#transportRoom = 0;
	#recordBytes = 0;
	#recordOverhead = 0;
	#isOpenTold = false;
	/** The owner was told of the plaintext that the session holds, and has not taken all of it. */
	#isOffered = false;
	#isTurnScheduled = false;

	constructor(options: TLSSocketOptions) {
		checkOptions(options);
		const { address, port, secure, TCP, onReadable, onWritable, onError } = options;
		this.#callbacks = {
			...(onReadable && { onReadable }),
			...(onWritable && { onWritable }),
			...(onError && { onError }),
		};
		this.#session = new Session(secure.serverName, port);
		const status = prepare(this.#session, secure);
		if (status < 0) {
			this.#fail(status);
			this.#schedule();
			return;
		}
		try {
			this.#transport = new TCP.io({
				address,
				port,
				noDelay: true,
				onReadable: (byteLength) => this.#transportReadable(byteLength),
				onWritable: (byteLength) => this.#transportWritable(byteLength),
				onError: () => this.#transportEnded(),
			});
		} catch (error) {
			this.#session.close();
			throw error;
		}
	}

	/** The session was resumed: no certificate was shown. */
	get isResumed(): boolean {
		this.#checkUsable();
		return this.#session.isResumed();
	}

	read(byteLength?: number): ArrayBuffer | undefined {
		this.#checkUsable();
		const most = byteLength === undefined ? this.#session.readable() : byteLength;
		const bytes = this.#session.read(checkInteger(most, "byteLength", 0, 0x7fffffff));
		// There may be more behind it, or an error that waited for this.
		if (bytes && this.#session.readable() === 0) {
			this.#isOffered = false;
			this.#schedule();
		}
		return bytes;
	}

	write(bytes: ByteSource): number {
		this.#checkUsable();
		if (!(bytes instanceof Uint8Array) && !(bytes instanceof ArrayBuffer)) {
			throw new TypeError("bytes: neither ArrayBuffer nor Uint8Array");
		}
		if (this.#state === "connecting") throw new Error("TLS: not connected");
		const { byteLength } = bytes;
		if (byteLength > this.#room) throw new RangeError("TLS: no room");
		// When the peer is gone, onError is on its way.
		for (let from = 0; from < byteLength && this.#state === "open"; from += this.#recordBytes) {
			const to = Math.min(from + this.#recordBytes, byteLength);
			const status = this.#session.write(bytes, from, to);
			this.#drain();
			if (status < 0) {
				this.#fail(status);
				this.#schedule();
			}
		}
		return this.#room;
	}

	close(): void {
		if (this.#state === "closed") return;
		const isOpen = this.#state === "open";
		this.#state = "closed";
		if (isOpen) {
			this.#session.finish();
			this.#drain();
		}
		this.#transport?.close();
		this.#session.close();
		// The engine holds the last object of a class with private methods: let it hold no owner.
		this.#transport = undefined;
		this.#callbacks = {};
	}

	/** Plaintext that fits into the transport now, in records. */
	get #room(): number {
		if (this.#recordBytes === 0) return 0;
		const room = Math.max(0, this.#transportRoom - RESERVED_BYTES);
		const full = this.#recordBytes + this.#recordOverhead;
		const rest = Math.max(0, (room % full) - this.#recordOverhead);
		return Math.floor(room / full) * this.#recordBytes + rest;
	}

	#checkUsable(): void {
		if (this.#state === "closed") throw new Error("TLS: closed");
		if (this.#state === "failed") throw new Error("TLS: failed");
	}

	#transportReadable(byteLength: number): void {
		this.#received = byteLength;
		this.#turn();
	}

	#transportWritable(byteLength: number): void {
		const wasOpenTold = this.#isOpenTold;
		this.#transportRoom = byteLength;
		this.#turn();
		if (wasOpenTold && this.#state === "open") this.#callbacks.onWritable?.(this.#room);
	}

	#transportEnded(): void {
		this.#received = 0;
		this.#transportRoom = 0;
		if (this.#isRunning()) this.#session.end();
		this.#turn();
	}

	#isRunning(): boolean {
		return this.#state === "connecting" || this.#state === "open";
	}

	/** A turn of its own, because no public method may call back. */
	#schedule(): void {
		if (this.#isTurnScheduled) return;
		this.#isTurnScheduled = true;
		void Promise.resolve().then(() => {
			this.#isTurnScheduled = false;
			this.#turn();
		});
	}

	/**
	 * What came goes as far as it can, and the owner hears of it. The transport hands over at most
	 * what it buffers: no more than one flight of a handshake, since the next one answers ours.
	 */
	#turn(): void {
		this.#pump();
		if (this.#state === "open" && !this.#isOpenTold) {
			this.#isOpenTold = true;
			this.#callbacks.onWritable?.(this.#room);
		}
		while (this.#readable > 0 && !this.#isOffered) {
			this.#isOffered = true;
			this.#callbacks.onReadable?.(this.#readable);
			// What the owner leaves stays where it is, and the transport fills up behind it.
			if (this.#readable > 0) return;
			this.#pump();
		}
		if (this.#state !== "ended" || this.#readable > 0) return;
		this.#state = "failed";
		this.#callbacks.onError?.(new TLSError(this.#error));
	}

	/** Plaintext that the owner may read; none after `close`, which a callback may call. */
	get #readable(): number {
		return this.#state === "open" || this.#state === "ended" ? this.#session.readable() : 0;
	}

	/** Steps until the session fails, has plaintext, or waits for the transport. */
	#pump(): void {
		while (this.#isRunning()) {
			this.#feed();
			const status = this.#session.step();
			this.#noticeOpen();
			const isDrained = this.#drain();
			if (status < 0) this.#fail(status);
			if (status === READABLE) return;
			if (status === WANTS_INPUT && this.#received === 0) return;
			if (status === WANTS_OUTPUT && !isDrained) return;
		}
	}

	#noticeOpen(): void {
		if (this.#state !== "connecting" || !this.#session.isOpen()) return;
		this.#state = "open";
		this.#recordBytes = this.#session.recordBytes();
		this.#recordOverhead = this.#session.recordOverhead();
	}

	#feed(): void {
		const count = Math.min(this.#received, this.#session.inputRoom());
		if (count === 0) return;
		const bytes = this.#transport?.read(count);
		this.#received -= count;
		if (bytes) this.#session.feed(bytes);
		else this.#received = 0;
	}

	/** Hands over what is to send. False when the transport took nothing. */
	#drain(): boolean {
		let isMoved = false;
		while (this.#transportRoom > 0) {
			const bytes = this.#session.drain(this.#transportRoom);
			if (!bytes) break;
			isMoved = true;
			this.#transportRoom = this.#transport?.write(bytes) ?? 0;
		}
		return isMoved;
	}

	/** The first cause wins. */
	#fail(status: number): void {
		if (!this.#isRunning()) return;
		this.#state = "ended";
		this.#error = CODES[-status] ?? "tls-handshake";
	}
}

export default TLSSocket;

/** Tells the session everything it has to know. Returns a failure, or 0. */
function prepare(session: Session, secure: TLSSocketOptions["secure"]): number {
	const { authorities, pins, identity, applicationLayerProtocols, time } = secure;
	for (const authority of authorities) session.addAuthority(authority);
	for (const pin of pins) session.addPin(pin);
	for (const certificate of identity?.certificates ?? []) session.addCertificate(certificate);
	if (identity) session.setKey(identity.key);
	for (const name of applicationLayerProtocols ?? []) session.addProtocol(name);
	if (time) session.setTime(Math.max(0, time.unixSeconds), time.isLowerBound);
	if (secure.maxFragmentBytes !== undefined) session.setFragment(secure.maxFragmentBytes);
	return session.start();
}

// ---------------------------------------------------------------- options

function checkOptions(options: TLSSocketOptions): void {
	checkObject(options, "options");
	checkInteger(options.port, "port", 1, 65535);
	for (const name of ["onReadable", "onWritable", "onError"] as const) {
		const callback: unknown = options[name];
		if (callback !== undefined && typeof callback !== "function") {
			throw new TypeError(`${name}: not a function`);
		}
	}
	if (typeof options.TCP?.io !== "function") throw new TypeError("TCP.io: not a constructor");
	checkSecure(checkObject(options.secure, "secure"));
}

function checkSecure(secure: TLSSocketOptions["secure"]): void {
	const { serverName, authorities, pins, identity, applicationLayerProtocols, time } = secure;
	checkText(serverName, "secure.serverName", 253);
	checkBytesList(authorities, "secure.authorities", 1, AUTHORITIES_MAX);
	checkBytesList(pins, "secure.pins", 0, PINS_MAX);
	for (const pin of pins) checkInteger(pin.length, "secure.pins", PIN_BYTES, PIN_BYTES);
	if (identity !== undefined) {
		checkBytesList(identity.certificates, "secure.identity.certificates", 1, AUTHORITIES_MAX);
		checkText(identity.key, "secure.identity.key", 15);
	}
	const protocols = applicationLayerProtocols ?? [];
	checkInteger(protocols.length, "secure.applicationLayerProtocols", 0, PROTOCOLS_MAX);
	for (const name of protocols) checkText(name, "secure.applicationLayerProtocols", 15);
	if (time !== undefined && !Number.isFinite(time.unixSeconds)) {
		throw new TypeError("secure.time: not a time");
	}
	if (![undefined, 512, 1024, 2048, 4096].includes(secure.maxFragmentBytes)) {
		throw new RangeError("secure.maxFragmentBytes: not 512, 1024, 2048 or 4096");
	}
}

function checkObject<T>(value: T, name: string): T {
	if (typeof value !== "object" || value === null) throw new TypeError(`${name}: not an object`);
	return value;
}

function checkInteger(value: number, name: string, least: number, most: number): number {
	if (!Number.isInteger(value)) throw new TypeError(`${name}: not an integer`);
	if (value < least || value > most) throw new RangeError(`${name}: not in ${least}..${most}`);
	return value;
}

function checkText(value: string, name: string, most: number): void {
	if (typeof value !== "string") throw new TypeError(`${name}: not a string`);
	if (value.length === 0 || value.length > most) {
		throw new RangeError(`${name}: not of 1 to ${most} characters`);
	}
}

function checkBytesList(
	list: readonly Uint8Array[],
	name: string,
	least: number,
	most: number,
): void {
	if (!Array.isArray(list)) throw new TypeError(`${name}: not an array`);
	checkInteger(list.length, name, least, most);
	if (list.some((bytes) => !(bytes instanceof Uint8Array))) {
		throw new TypeError(`${name}: not all of Uint8Array`);
	}
}
