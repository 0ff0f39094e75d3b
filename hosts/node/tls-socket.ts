// TLS client socket: node:tls as the native stack, over the ECMA-419 TCP class given in the
// options. It verifies the peer's chain, name, dates and pins before the first byte, and cannot be
// told to verify less.
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import * as tls from "node:tls";
import type { ByteSource, Socket, SocketErrorCode, TLSOptions } from "../../src/ports.js";
import { ByteQueue } from "./byte-queue.js";
import { copyBytes } from "./checks.js";
import { HostPortError } from "./port-error.js";
import { TCP_BUFFER_BYTES } from "./tcp.js";
import { socketErrorCodeOf } from "./tls-errors.js";
import { judgePeer, sentCertificates, verifiedChain } from "./tls-judge.js";
import { checkTLSOptions } from "./tls-options.js";
import { sessionKeyOf, type KeptSession, type SessionCache } from "./tls-session-cache.js";
import { TransportStream } from "./transport-stream.js";

export interface NodeTLSOptions extends TLSOptions {
	/** Sessions of the same device. */
	sessions: SessionCache;
	/** The private key `name` in PEM, from the key store. */
	privateKeyOf: (name: string) => string | undefined;
}

/** Milliseconds for which a closed socket may still deliver what was written. */
const LINGER_MS = 2000;

type State = "connecting" | "open" | "ended" | "failed" | "closed";

export class TLSSocket implements Socket {
	readonly #options: NodeTLSOptions;
	readonly #transport: TransportStream;
	readonly #sessionKey: string;
	readonly #received = new ByteQueue();
	#tls: tls.TLSSocket | undefined;
	#offered: KeptSession | undefined;
	#authorities: readonly X509Certificate[] = [];
	#chain: readonly Buffer[] | undefined;
	#session: Buffer | undefined;
	#unsentBytes = 0;
	#isWritableScheduled = false;
	#isTransportOver = false;
	#error: SocketErrorCode | undefined;
	#state: State = "connecting";

	constructor(options: NodeTLSOptions) {
		checkTLSOptions(options);
		this.#options = { ...options, secure: { ...options.secure } };
		this.#sessionKey = sessionKeyOf(options.port, options.secure);
		this.#transport = new TransportStream(options.TCP.io, options, () => this.#transportEnded());
		this.#transport.on("error", () => this.#fail("tls-record"));
		this.#start();
	}

	read(byteLength?: number): ArrayBuffer | undefined {
		this.#checkOpen();
		const bytes = this.#received.read(byteLength);
		if (this.#received.byteLength < TCP_BUFFER_BYTES) this.#tls?.resume();
		if (this.#state === "ended") this.#scheduleError();
		return bytes;
	}

	write(bytes: ByteSource): number {
		this.#checkOpen();
		const copy = copyBytes(bytes);
		if (this.#state === "connecting") throw new Error("TLS: not connected");
		if (copy.length > this.#room) throw new RangeError("TLS: no room");
		if (this.#state !== "open") return this.#room; // the peer is gone: onError is on its way
		if (copy.length === 0) return this.#room;
		this.#unsentBytes += copy.length;
		this.#tls?.write(copy, () => {
			this.#unsentBytes -= copy.length;
			this.#scheduleWritable();
		});
		return this.#room;
	}

	close(): void {
		if (this.#state === "closed") return;
		const wasOpen = this.#state === "open";
		this.#state = "closed";
		this.#received.clear();
		if (!wasOpen || !this.#tls) {
			this.#destroy();
			return;
		}
		const linger = setTimeout(() => this.#destroy(), LINGER_MS);
		linger.unref();
		// What was written leaves, then close_notify, then the transport closes.
		this.#tls.end(() => {
			clearTimeout(linger);
			setImmediate(() => this.#destroy());
		});
	}

	get #room(): number {
		return TCP_BUFFER_BYTES - this.#unsentBytes;
	}

	#checkOpen(): void {
		if (this.#state === "closed") throw new Error("TLS: closed");
		if (this.#state === "failed") throw new Error("TLS: failed");
	}

	#destroy(): void {
		this.#tls?.destroy();
		this.#transport.closeTransport();
	}

	/** What the world got wrong (a certificate that cannot be read, a missing key) fails later. */
	#start(): void {
		try {
			this.#tls = this.#connect();
		} catch {
			this.#fail("tls-handshake");
			return;
		}
		const socket = this.#tls;
		socket.on("secureConnect", () => this.#judge(socket));
		socket.on("session", (session) => this.#keep(session));
		socket.on("data", (bytes: Buffer) => this.#receive(bytes));
		socket.on("end", () => this.#ended());
		socket.on("error", (error) => this.#failed(error));
		socket.on("close", () => this.#ended());
	}

	#connect(): tls.TLSSocket {
		const { serverName, authorities, identity, applicationLayerProtocols } = this.#options.secure;
		// OpenSSL skips what it cannot read; a set that is not whole is a mistake of whoever gave
		// it.
		this.#authorities = authorities.map((one) => new X509Certificate(one));
		this.#offered = this.#options.sessions.take(this.#sessionKey);
		const key = identity && this.#options.privateKeyOf(identity.key);
		if (identity && key === undefined) throw new Error("no such key");
		return tls.connect({
			socket: this.#transport,
			// An address cannot be sent as SNI [RFC 6066 §3]; it is compared with the certificate
			// all the same.
			...(isIP(serverName) === 0
				? { servername: serverName }
				: { host: serverName, servername: "" }),
			checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(serverName, certificate),
			ca: authorities.map(pemOf),
			// Every authority given is an anchor, self-signed or not, as in mbedTLS.
			allowPartialTrustChain: true,
			...(identity && { cert: identity.certificates.map(pemOf).join("\n"), key }),
			...(applicationLayerProtocols && { ALPNProtocols: [...applicationLayerProtocols] }),
			...(this.#offered && { session: this.#offered.session }),
			minVersion: "TLSv1.2",
			rejectUnauthorized: true,
		});
	}

	/** OpenSSL has verified the peer, or resumed a session: now it is judged by this device. */
	#judge(socket: tls.TLSSocket): void {
		if (this.#state !== "connecting") return;
		const chain = this.#chainOf(socket);
		const problem = chain ? judgePeer(chain, this.#options.secure) : "tls-authority";
		if (problem || !chain) {
			this.#fail(problem ?? "tls-authority");
			return;
		}
		this.#chain = chain.map((certificate) => certificate.raw);
		this.#state = "open";
		// TLS 1.2 goes on using the session that it resumed; TLS 1.3 brings a new ticket each time.
		const isLasting = socket.isSessionReused() && socket.getProtocol() === "TLSv1.2";
		const session = this.#session ?? (isLasting ? this.#offered?.session : undefined);
		if (session) this.#keep(session);
		const leaf = chain[0] as X509Certificate; // judgePeer has looked at it
		const notBefore = Math.floor(Date.parse(leaf.validFrom) / 1000);
		this.#options.secure.onVerified?.({ notBefore });
		this.#scheduleWritable();
	}

	#chainOf(socket: tls.TLSSocket): X509Certificate[] | undefined {
		// A resumed session shows no certificate: it belongs to the chain with which it was kept.
		if (socket.isSessionReused())
			return this.#offered?.chain.map((raw) => new X509Certificate(raw));
		const leaf = socket.getPeerCertificate(true);
		return verifiedChain(sentCertificates(leaf), this.#authorities);
	}

	/** Before the judgement a session only waits: one of a refused peer is never kept. */
	#keep(session: Buffer): void {
		this.#session = session;
		if (!this.#chain || this.#state === "failed") return;
		this.#options.sessions.keep(this.#sessionKey, { session, chain: this.#chain });
	}

	#receive(bytes: Buffer): void {
		if (this.#state !== "open") return;
		this.#received.push(bytes);
		if (this.#received.byteLength >= TCP_BUFFER_BYTES) this.#tls?.pause();
		this.#options.onReadable?.(this.#received.byteLength);
	}

	#scheduleWritable(): void {
		if (this.#isWritableScheduled) return;
		this.#isWritableScheduled = true;
		setImmediate(() => {
			this.#isWritableScheduled = false;
			if (this.#state === "open") this.#options.onWritable?.(this.#room);
		});
	}

	/**
	 * The transport is over: what it brought is processed first, for it may hold a close_notify.
	 */
	#transportEnded(): void {
		if (!this.#tls || this.#state !== "open") {
			this.#lateTransportEnd();
			return;
		}
		const settle = () => {
			if (this.#state !== "open") return;
			if (this.#tls?.isPaused()) setImmediate(settle);
			else this.#lateTransportEnd();
		};
		setImmediate(settle);
	}

	#lateTransportEnd(): void {
		setImmediate(() => {
			this.#isTransportOver = true;
			this.#transport.endTransport();
			setImmediate(() => this.#ended());
		});
	}

	#ended(): void {
		if (this.#state === "connecting") this.#fail(this.#isTransportOver ? "tcp" : "tls-handshake");
		else this.#fail(this.#isTransportOver ? "tls-truncated" : "tls-closed");
	}

	#failed(error: Error): void {
		const isSecured = this.#state !== "connecting";
		// node:tls says ECONNRESET of a transport that ended during the handshake.
		if ((error as NodeJS.ErrnoException).code === "ECONNRESET") this.#ended();
		else this.#fail(socketErrorCodeOf(error, isSecured));
	}

	/** The first cause wins. */
	#fail(code: SocketErrorCode): void {
		if (this.#state !== "connecting" && this.#state !== "open") return;
		this.#state = "ended";
		this.#error = code;
		setImmediate(() => this.#destroy());
		this.#scheduleError();
	}

	#scheduleError(): void {
		setImmediate(() => {
			if (this.#state !== "ended" || this.#received.byteLength > 0) return;
			this.#state = "failed";
			this.#options.onError?.(new HostPortError(this.#error ?? "tls-handshake"));
		});
	}
}

function pemOf(der: Uint8Array): string {
	const text = Buffer.from(der).toString("base64").replace(/.{64}/g, "$&\n");
	return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
}
