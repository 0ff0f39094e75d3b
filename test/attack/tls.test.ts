// An attacker on the broker's side, against the TLS socket on XS. Each attack ends in its own code
// with the loop alive, and each is shown next to the same server without the fault.
import { createServer as createTCPServer } from "node:net";
import * as tls from "node:tls";
import { engine } from "../support/engine.js";
import { startOpenSSLServer, type OpenSSLServerOptions } from "../support/openssl-server.js";
import {
	handshakeTypeOf,
	RecordProxy,
	withBody,
	type EditRecord,
} from "../support/record-proxy.js";
import { until } from "../support/socket-log.js";
import { issue } from "../support/throw-away-pki.js";
import { closeAll, listen, NAME, pki } from "../support/tls-bench.js";

const DEADLINE_MS = 5000;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
const DAY_S = 86_400;
const now = Math.floor(Date.now() / 1000);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const closing: { close(): void }[] = [];

interface Outcome {
	outcome: string;
	ticks: number;
	received: number;
}

let bundle: string;

/** Attempts of one device, one after another. */
async function attempts(
	ports: readonly number[],
	changes: Record<string, unknown> = {},
): Promise<Outcome[]> {
	bundle ??= engine.bundle("tls-attempt", ["test/engine/native/tls-attempt.ts"]);
	const given = {
		ports,
		name: NAME,
		authority: hex(pki.authority.der),
		pins: [],
		unixSeconds: now,
		deadlineMs: DEADLINE_MS,
		...changes,
	};
	const run = await engine.run(bundle, [JSON.stringify(given)]);
	return run.lines.slice(0, ports.length).map((line) => JSON.parse(line) as Outcome);
}

async function attempt(port: number, changes?: Record<string, unknown>): Promise<Outcome> {
	return (await attempts([port], changes))[0] as Outcome;
}

const outcomeOf = async (...given: Parameters<typeof attempt>) => (await attempt(...given)).outcome;

/** A server of TLS 1.2 that greets with `lines`, one record each. */
async function serve(
	lines: readonly string[] = ["abc"],
	more: tls.TlsOptions = {},
	onPeer: (peer: tls.TLSSocket) => void = () => undefined,
) {
	const own = { cert: pki.broker.pem, key: pki.broker.keyPEM, maxVersion: "TLSv1.2" } as const;
	const server = tls.createServer({ ...own, ...more }, (peer) => {
		peer.on("error", () => undefined);
		onPeer(peer);
		for (const line of lines) peer.write(line);
	});
	server.on("tlsClientError", () => undefined);
	server.on("connection", (socket) => closing.push({ close: () => socket.destroy() }));
	return listen(server);
}

async function proxy(port: number, edit: EditRecord): Promise<number> {
	const started = await RecordProxy.start(port, edit);
	closing.push(started);
	return started.port;
}

async function openssl(options: OpenSSLServerOptions): Promise<number> {
	const server = await startOpenSSLServer({ identity: pki.broker, ...options });
	closing.push(server);
	const greet = setInterval(() => {
		if (server.output().includes("CIPHER is")) server.type("abc\n");
	}, 20);
	closing.push({ close: () => clearInterval(greet) });
	return server.port;
}

/** Changes records whose first handshake message has this type. */
const onType = (type: number, edit: (record: Buffer) => readonly Buffer[]): EditRecord => {
	return (record) => (handshakeTypeOf(record) === type ? edit(record) : [record]);
};

describe("an attacker on the broker's side", () => {
	afterEach(() => {
		for (const one of closing.splice(0)) one.close();
		closeAll();
	});

	engine.it("with a certificate that is not the broker's", async () => {
		const stranger = issue({ subject: NAME, issuer: pki.stranger, names: [NAME] });
		const other = issue({ subject: "other", issuer: pki.authority, names: ["other.test"] });
		const lonely = issue({ subject: NAME, names: [NAME] });
		const port = await serve(["abc"], { cert: stranger.pem, key: stranger.keyPEM });
		expect(await outcomeOf(port)).toBe("tls-authority");
		const named = await serve(["abc"], { cert: other.pem, key: other.keyPEM });
		expect(await outcomeOf(named)).toBe("tls-host-name");
		const chained = await openssl({ identity: lonely, chain: [pki.intermediate.pem] });
		expect(await outcomeOf(chained)).toBe("tls-authority");
		const genuine = await openssl({ identity: pki.deepBroker, chain: [pki.intermediate.pem] });
		expect(await outcomeOf(genuine)).toBe("connected");
	});

	engine.it("with a certificate out of date, or a key that is not pinned any more", async () => {
		const port = await serve();
		const pins = [hex(pki.stranger.pin)];
		expect(await outcomeOf(port, { unixSeconds: now + 40 * DAY_S })).toBe("tls-expired");
		expect(await outcomeOf(port, { unixSeconds: now - 40 * DAY_S })).toBe("tls-not-yet-valid");
		expect(await outcomeOf(port, { pins })).toBe("tls-pin");
		expect(await outcomeOf(port, { pins: [hex(pki.broker.pin)] })).toBe("connected");
	});

	engine.it("who offers less: old versions, no encryption, no authentication", async () => {
		const weak = async (...more: string[]) => outcomeOf(await openssl({ arguments: more }));
		const all = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";
		expect(await weak("-tls1", "-cipher", all)).toBe("tls-version");
		expect(await weak("-tls1_1", "-cipher", all)).toBe("tls-version");
		expect(await weak("-tls1_2", "-cipher", "NULL:@SECLEVEL=0")).toBe("tls-handshake");
		expect(await weak("-tls1_2", "-cipher", "aNULL:@SECLEVEL=0")).toBe("tls-handshake");
		expect(await weak("-tls1_2", "-cipher", "kRSA:@SECLEVEL=0")).toBe("tls-handshake");
		expect(await weak("-tls1_2", "-cipher", all)).toBe("connected");
	});

	engine.it("who answers in the key exchange for another", async () => {
		const port = await serve();
		const broken = onType(SERVER_KEY_EXCHANGE, (record) => {
			record[record.length - 1] = (record.at(-1) as number) ^ 1;
			return [record];
		});
		expect(await outcomeOf(await proxy(port, broken))).toBe("tls-handshake");
		// Algorithm (2 bytes), length (2) and signature stand behind the point of 65 bytes and its 4.
		const unsigned = onType(SERVER_KEY_EXCHANGE, (record) => {
			const body = Buffer.from(record.subarray(5, 5 + 4 + 4 + 65));
			body.writeUIntBE(body.length - 4, 1, 3);
			return [withBody(record, body)];
		});
		expect(await outcomeOf(await proxy(port, unsigned))).toBe("tls-handshake");
		const absent = onType(SERVER_KEY_EXCHANGE, () => []);
		expect(await outcomeOf(await proxy(port, absent))).toBe("tls-handshake");
		expect(await outcomeOf(await proxy(port, (record) => [record]))).toBe("connected");
	});

	engine.it("who cuts, swaps, repeats and swells records of the handshake", async () => {
		const port = await serve();
		const cut: EditRecord = (record, _index, end) => {
			if (handshakeTypeOf(record) !== CERTIFICATE) return [record];
			end();
			return [record.subarray(0, record.length >> 1)];
		};
		expect(await outcomeOf(await proxy(port, cut))).toBe("tcp");
		let held: Buffer | undefined;
		const swap: EditRecord = (record) => {
			if (handshakeTypeOf(record) === CERTIFICATE) {
				held = record;
				return [];
			}
			const both = held ? [record, held] : [record];
			held = undefined;
			return both;
		};
		expect(await outcomeOf(await proxy(port, swap))).toBe("tls-handshake");
		const twice = onType(CERTIFICATE, (record) => [record, record]);
		expect(await outcomeOf(await proxy(port, twice))).toBe("tls-handshake");
		const swollen = onType(CERTIFICATE, (record) => [withBody(record, Buffer.alloc(20_000, 11))]);
		expect(await outcomeOf(await proxy(port, swollen))).toBe("tls-handshake");
	});

	engine.it("who changes, swaps and repeats records of an open session", async () => {
		const port = await serve(["a", "b", "c"]);
		const isData = (record: Buffer) => record[0] === 23;
		const flip: EditRecord = (record) => {
			if (isData(record)) record[record.length - 1] = (record.at(-1) as number) ^ 1;
			return [record];
		};
		let held: Buffer[] = [];
		const swap: EditRecord = (record) => {
			if (!isData(record)) return [record];
			held.push(record);
			return held.length === 2 ? held.splice(0).reverse() : [];
		};
		const repeat: EditRecord = (record) => (isData(record) ? [record, record] : [record]);
		for (const edit of [flip, swap, repeat]) {
			held = [];
			const { outcome, received } = await attempt(await proxy(port, edit));
			expect([outcome, received < 3]).toEqual(["tls-record", true]);
		}
		const { outcome, received } = await attempt(await proxy(port, (record) => [record]));
		expect([outcome, received]).toEqual(["connected", 3]);
	});

	engine.it("who would renegotiate an open session", async () => {
		const server = await startOpenSSLServer({ identity: pki.broker, arguments: ["-tls1_2"] });
		closing.push(server);
		const asking = attempt(server.port);
		await until(() => server.output().includes("CIPHER is"));
		server.type("r\n");
		// OpenSSL ends a connection whose peer refuses.
		await until(() => server.output().includes("no renegotiation"));
		expect((await asking).outcome).toBe("tls-record");
	});

	engine.it("who has the keys of another server's tickets", async () => {
		const reused: boolean[] = [];
		const greet = (more: tls.TlsOptions = {}) => {
			const shared = { ticketKeys: Buffer.alloc(48, 3), ...more };
			return serve(["abc"], shared, (peer) => reused.push(peer.isSessionReused()));
		};
		const [genuine, other] = [await greet(), await greet()];
		const outcomes = await attempts([genuine, genuine, other, genuine]);
		expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array(4).fill("connected"));
		// Nobody but the server of a session is offered its ticket: the other one must show its
		// certificate.
		expect(reused).toEqual([false, true, false, true]);
		const stranger = issue({ subject: NAME, issuer: pki.stranger, names: [NAME] });
		const impostor = await greet({ cert: stranger.pem, key: stranger.keyPEM });
		const [, refused] = await attempts([genuine, impostor]);
		expect(refused?.outcome).toBe("tls-authority");
	});

	engine.it("with a chain that is too long", async () => {
		const more = Array.from({ length: 60 }, () => issue({ subject: "x".repeat(60) }).pem);
		const chained = async (chain: string[]) => {
			return outcomeOf(await openssl({ identity: pki.deepBroker, chain }));
		};
		expect(await chained([pki.intermediate.pem, ...more])).toBe("tls-handshake");
		expect(await chained([pki.intermediate.pem, ...more.slice(0, 5)])).toBe("connected");
	});

	engine.it("who never comes to an end", async () => {
		const silent = createTCPServer((socket) => void socket.on("error", () => undefined));
		const { outcome, ticks } = await attempt(await listen(silent), { deadlineMs: 300 });
		expect(outcome).toBe("deadline");
		expect(ticks).toBeGreaterThan(10);
		const warnings = Buffer.from("15030300020164".repeat(10_000), "hex");
		const chatty = createTCPServer((socket) => {
			socket.on("error", () => undefined);
			socket.write(warnings);
		});
		expect(await outcomeOf(await listen(chatty))).toBe("tls-handshake");
	});

	engine.it("who sends one byte at a time gains nothing but time", async () => {
		const target = await serve();
		const port = await proxy(target, (record) => [...record].map((byte) => Buffer.of(byte)));
		const { outcome, ticks } = await attempt(port);
		expect(outcome).toBe("connected");
		expect(ticks).toBeGreaterThan(0);
	});
});
