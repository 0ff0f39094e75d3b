// The toy TLS, both ends: every code that a device can meet, at every flight, and what a handshake
// costs.

import { Heap } from "../../../hosts/simulator/heap.js";
import { Random } from "../../../hosts/simulator/random.js";
import { StandInCrypto, StandInKeyStore } from "../../../hosts/simulator/stand-in-keys.js";
import {
	authorityDER,
	certificateDER,
	readCertificate,
	type SimulatedCertificate,
} from "../../../hosts/simulator/tls-certificate.js";
import { RECORD_ALERT, RECORD_DATA } from "../../../hosts/simulator/tls-records.js";
import {
	serveTLS,
	type SecureConnection,
	type TLSServerSettings,
	TLSTickets,
} from "../../../hosts/simulator/tls-server.js";
import { TicketCache } from "../../../hosts/simulator/ticket-cache.js";
import { tlsConstructor } from "../../../hosts/simulator/tls.js";
import type { PortError, Socket, TLSSecureOptions } from "../../../src/ports.js";
import { ADDRESS, bytesOf, NetworkBench, textOf } from "../../support/network-bench.js";
import { toyHash } from "../../support/toy-hash.js";

const NOW = 1_800_000_000;
const PORT = 443;
const PIN = new Uint8Array(32).fill(7);

const BROKER: SimulatedCertificate = {
	authority: "world",
	names: ["*.example"],
	notBefore: NOW - 1000,
	notAfter: NOW + 1000,
	keyPin: PIN,
	chainBytes: 1100,
};

class TLSBench {
	readonly bench = new NetworkBench();
	readonly crypto = new StandInCrypto(toyHash);
	readonly keyStore = new StandInKeyStore(this.crypto, new Random(5));
	readonly heap = new Heap();
	readonly tickets = new TicketCache();
	readonly settings: TLSServerSettings;
	readonly secured: SecureConnection[] = [];
	readonly endings: string[] = [];
	received = "";

	constructor(settings: Partial<TLSServerSettings> = {}) {
		this.settings = { certificate: BROKER, ...settings };
		this.keyStore.generate("tls-0", "P-256");
		const random = new Random(9);
		this.bench.network.listen(ADDRESS, PORT, (connection) => {
			serveTLS(connection, this.settings, random, (secure) => {
				this.secured.push(secure);
				secure.onData = (bytes) => void (this.received += textOf(bytes));
				secure.onClosed = (how) => void this.endings.push(how);
			});
		});
	}

	get server(): SecureConnection {
		return this.secured[this.secured.length - 1] as SecureConnection;
	}

	identity(changes: Partial<SimulatedCertificate> = {}): NonNullable<TLSSecureOptions["identity"]> {
		const publicKey = this.keyStore.publicKey("tls-0") as ArrayBuffer;
		const keyPin = new Uint8Array(this.crypto.sha256(publicKey));
		const certificate = { ...BROKER, names: ["sensor-1"], chainBytes: 700, keyPin, ...changes };
		return { certificates: [certificateDER(certificate)], key: "tls-0" };
	}

	connect(secure: Partial<TLSSecureOptions> = {}): TLSClient {
		const { bench, heap, keyStore, tickets } = this;
		const io = tlsConstructor({
			gate: bench.network.openGate,
			random: new Random(bench.clock.monotonicMs()),
			keyStore,
			heap,
			tickets,
			costs: { fullMs: 2000, resumedMs: 300 },
		});
		return new TLSClient(this.bench, io, {
			serverName: "broker.example",
			authorities: [authorityDER("other"), authorityDER("world")],
			pins: [],
			time: { unixSeconds: NOW, isLowerBound: false },
			...secure,
		});
	}

	/** The code with which a connection fails. */
	codeOf(secure: Partial<TLSSecureOptions> = {}): string | undefined {
		const client = this.connect(secure);
		this.bench.clock.advance(10_000);
		client.socket.close();
		return client.error;
	}
}

class TLSClient {
	readonly socket: Socket;
	openAtMs: number | undefined;
	error: string | undefined;
	received = "";
	notBefore: number | undefined;
	room = 0;

	constructor(
		bench: NetworkBench,
		io: ReturnType<typeof tlsConstructor>,
		secure: TLSSecureOptions,
	) {
		this.socket = new io({
			address: ADDRESS,
			port: PORT,
			TCP: { io: bench.path.tcp },
			secure: { ...secure, onVerified: ({ notBefore }) => void (this.notBefore = notBefore) },
			onReadable: () => {
				const bytes = this.socket.read();
				if (bytes) this.received += textOf(new Uint8Array(bytes));
			},
			onWritable: (byteLength) => {
				this.room = byteLength;
				this.openAtMs ??= bench.clock.monotonicMs();
			},
			onError: (error?: PortError) => void (this.error = error?.code ?? "none"),
		});
	}
}

describe("the toy TLS", () => {
	it("carries bytes both ways, hidden, with sizes and time of a real handshake", () => {
		const tls = new TLSBench();
		const { bench } = tls;
		let seen = "";
		bench.network.observe((_, bytes) => void (seen += textOf(bytes)));
		const client = tls.connect({ identity: tls.identity() });
		bench.clock.advance(5000);
		expect(client.openAtMs).toBe(2120); // three round trips and what the chip computes
		expect(client.notBefore).toBe(NOW - 1000);
		expect(bench.path.bytesSent).toBeGreaterThan(1000);
		expect(bench.path.bytesReceived).toBeGreaterThan(1800);
		client.socket.write(bytesOf("topic and payload"));
		tls.server.write(bytesOf("answer"));
		bench.clock.advance(100);
		expect(tls.received).toBe("topic and payload");
		expect(client.received).toBe("answer");
		expect(tls.server.clientName).toBe("sensor-1");
		expect(seen).not.toContain("payload");
	});

	it("judges authority, name, dates and pin", () => {
		const tls = new TLSBench();
		const at = (unixSeconds: number, isLowerBound = false) => ({
			time: { unixSeconds, isLowerBound },
		});
		expect(tls.codeOf({ authorities: [authorityDER("other")] })).toBe("tls-authority");
		expect(tls.codeOf({ serverName: "broker.elsewhere" })).toBe("tls-host-name");
		expect(tls.codeOf({ serverName: "a.broker.example" })).toBe("tls-host-name");
		expect(tls.codeOf({ serverName: ".example" })).toBe("tls-host-name");
		expect(tls.codeOf(at(NOW + 2000))).toBe("tls-expired");
		expect(tls.codeOf(at(NOW + 2000, true))).toBe("tls-expired");
		expect(tls.codeOf(at(NOW - 2000))).toBe("tls-not-yet-valid");
		expect(tls.codeOf(at(NOW - 2000, true))).toBeUndefined();
		expect(tls.codeOf({ pins: [new Uint8Array(32)] })).toBe("tls-pin");
		expect(tls.codeOf({ pins: [new Uint8Array(32), PIN] })).toBeUndefined();
	});

	it("resumes a session, quickly and with few bytes, and judges it again", () => {
		const tls = new TLSBench({ tickets: new TLSTickets() });
		const { bench } = tls;
		expect(tls.codeOf()).toBeUndefined();
		const before = bench.path.bytesReceived;
		const startMs = bench.clock.monotonicMs();
		const resumed = tls.connect();
		bench.clock.advance(10_000);
		expect((resumed.openAtMs ?? 0) - startMs).toBe(380);
		expect(bench.path.bytesReceived - before).toBeLessThan(200);
		expect(tls.server.isResumed).toBe(true);
		expect([tls.settings.tickets?.full, tls.settings.tickets?.resumed]).toEqual([1, 1]);
		expect(tls.codeOf({ time: { unixSeconds: NOW + 2000, isLowerBound: true } })).toBe(
			"tls-expired",
		);
	});

	it("begins anew where the server has forgotten, and where anything else is asked for", () => {
		const tls = new TLSBench({ tickets: new TLSTickets() });
		expect(tls.codeOf()).toBeUndefined();
		tls.settings.tickets = new TLSTickets();
		expect(tls.codeOf()).toBeUndefined();
		expect(tls.server.isResumed).toBe(false);
		expect(tls.codeOf({ pins: [PIN] })).toBeUndefined();
		expect(tls.server.isResumed).toBe(false);
		expect(tls.codeOf({ pins: [PIN] })).toBeUndefined();
		expect(tls.server.isResumed).toBe(true);
	});

	it("tells how the peer ended: goodbye, truncation, a broken record", () => {
		const tls = new TLSBench();
		const end = (how: (server: SecureConnection) => void) => {
			const client = tls.connect();
			tls.bench.clock.advance(5000);
			tls.server.write(bytesOf("before"));
			how(tls.server);
			tls.bench.clock.advance(5000);
			return [client.received, client.error];
		};
		expect(end((server) => server.close())).toEqual(["before", "tls-closed"]);
		expect(end((server) => server.truncate())).toEqual(["before", "tls-truncated"]);
		const broken = end((server) => {
			server.breakNextRecord();
			server.write(bytesOf("spoilt"));
		});
		expect(broken).toEqual(["before", "tls-record"]);
		expect(end((server) => server.reset())[1]).toBe("tls-truncated");
	});

	it("says goodbye itself when it closes", () => {
		const tls = new TLSBench();
		const client = tls.connect();
		tls.bench.clock.advance(5000);
		const records: (number | undefined)[] = [];
		tls.bench.network.observe((_, bytes) => records.push(bytes[0]));
		client.socket.write(bytesOf("bye"));
		client.socket.close();
		expect(records).toEqual([RECORD_DATA, RECORD_ALERT]);
		tls.bench.clock.advance(100);
		expect(tls.received).toBe("bye");
		expect(tls.endings).toEqual(["closed"]);
		expect(() => client.socket.write(bytesOf("more"))).toThrow("closed");
	});
});

describe("a TLS handshake that fails", () => {
	it("fails at each flight in each manner, and succeeds afterwards", () => {
		const codes: Record<string, string | undefined> = {};
		for (const flight of [1, 2] as const) {
			for (const manner of ["alert", "close", "reset", "garbage", "truncate", "silence"] as const) {
				const tls = new TLSBench({ failure: { flight, manner } });
				codes[`${flight} ${manner}`] = tls.codeOf();
				tls.settings.failure = undefined;
				expect(tls.codeOf()).toBeUndefined();
			}
		}
		expect(codes).toEqual({
			"1 alert": "tls-handshake",
			"1 close": "tcp",
			"1 reset": "tcp",
			"1 garbage": "tls-handshake",
			"1 truncate": "tcp",
			"1 silence": undefined,
			"2 alert": "tls-handshake",
			"2 close": "tcp",
			"2 reset": "tcp",
			"2 garbage": "tls-handshake",
			"2 truncate": "tcp",
			"2 silence": undefined,
		});
	});

	it("is reset at any of its bytes", () => {
		const tls = new TLSBench();
		for (let bytes = 0; bytes < 2200; bytes += 97) {
			tls.bench.path.resetAfterBytes = bytes;
			expect(tls.codeOf({ identity: tls.identity() })).toBe("tcp");
		}
		tls.bench.path.heal();
		expect(tls.codeOf({ identity: tls.identity() })).toBeUndefined();
	});

	it("offers nothing at or above TLS 1.2", () => {
		expect(new TLSBench({ version: "1.1" }).codeOf()).toBe("tls-version");
	});

	it("refuses the client's certificate, before or after the client has finished", () => {
		const refusing = { acceptClient: () => false };
		const late = { ...refusing, version: "1.3" } as const;
		expect(new TLSBench(refusing).codeOf()).toBe("tls-client-certificate");
		expect(new TLSBench({ ...refusing, refusal: "close" }).codeOf()).toBe("tcp");
		expect(new TLSBench({ ...refusing, refusal: "reset" }).codeOf()).toBe("tcp");
		expect(new TLSBench(late).codeOf()).toBe("tls-client-certificate");
		expect(new TLSBench({ ...late, refusal: "close" }).codeOf()).toBe("tls-truncated");
		const tls = new TLSBench(late);
		const client = tls.connect();
		tls.bench.clock.advance(10_000);
		expect(client.openAtMs).toBeDefined();
	});

	it("refuses a client whose key is not that of its certificate", () => {
		const tls = new TLSBench();
		const { crypto, settings } = tls;
		settings.verifyClient = ({ certificate, publicKey, message, signature }) =>
			textOf(new Uint8Array(crypto.sha256(publicKey))) === textOf(certificate.keyPin) &&
			crypto.p256Verify(publicKey, message, signature);
		expect(tls.codeOf({ identity: tls.identity() })).toBeUndefined();
		expect(tls.codeOf({ identity: tls.identity({ keyPin: PIN }) })).toBe("tls-client-certificate");
		tls.keyStore.erase("tls-0");
		const identity = { certificates: [certificateDER(BROKER)], key: "tls-0" };
		expect(tls.codeOf({ identity })).toBe("tls-handshake");
	});

	it("meets a portal", () => {
		const tls = new TLSBench();
		tls.bench.path.isCaptive = true;
		const codes = new Set<string | undefined>();
		for (let count = 0; count < 20; count++) codes.add(tls.codeOf());
		expect([...codes].map(String).sort()).toEqual(["tcp", "tls-handshake", "undefined"]);
		tls.bench.path.heal();
		expect(tls.codeOf()).toBeUndefined();
	});

	it("needs a large block of memory, which only a restart gives back", () => {
		const tls = new TLSBench();
		tls.heap.fragmentationBytes = 20_000;
		let count = 0;
		for (; count < 10; count++) {
			try {
				tls.connect().socket.close();
			} catch (error) {
				expect((error as PortError).code).toBe("tls-resources");
				break;
			}
		}
		expect(count).toBe(3);
		expect(tls.heap.refusals).toBe(1);
		expect(tls.heap.health.freeHeapBytes).toBe(140_000);
		expect(tls.heap.health.largestFreeBlockBytes).toBe(5536);
		tls.heap.restart();
		expect(tls.codeOf()).toBeUndefined();
	});

	it("gives its memory back, whatever comes of it", () => {
		const tls = new TLSBench();
		const free = tls.heap.health.freeHeapBytes as number;
		const client = tls.connect();
		tls.bench.clock.advance(5000);
		expect(tls.heap.health.freeHeapBytes).toBeLessThan(free);
		client.socket.close();
		expect(tls.codeOf({ authorities: [authorityDER("other")] })).toBe("tls-authority");
		expect(tls.heap.health.freeHeapBytes).toBe(free);
	});
});

describe("a simulated certificate", () => {
	it("is read back from its DER, and from nothing else", () => {
		expect(readCertificate(certificateDER(BROKER))).toEqual(BROKER);
		expect(certificateDER(BROKER)).toHaveLength(1100);
		expect(readCertificate(authorityDER("world"))).toBeUndefined();
		expect(readCertificate(new Uint8Array(0))).toBeUndefined();
	});
});
