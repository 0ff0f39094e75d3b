// Session resumption: OpenSSL asks nothing of a peer that it has met, so the socket judges it
// again.
import type * as tls from "node:tls";
import { SessionCache, sessionKeyOf } from "../../../hosts/node/tls-session-cache.js";
import { settle, until } from "../../support/socket-log.js";
import { closeAll, identity, join, NAME, pki, serve } from "../../support/tls-bench.js";
import type { LoggedSocket, RunningServer } from "../../support/tls-bench.js";
import type { TLSSecureOptions } from "../../../src/ports.js";

const DAY_S = 86_400;
const now = Math.floor(Date.now() / 1000);
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

afterEach(closeAll);

/** Connects, exchanges a byte (a TLS 1.3 ticket comes with it) and closes. */
async function visit(
	server: RunningServer,
	sessions: SessionCache,
	secure: Partial<TLSSecureOptions> = {},
): Promise<LoggedSocket> {
	const before = server.peers.length;
	const log = join(server.port, secure, { sessions });
	await until(() => log.error !== undefined || (log.isWritable && server.peers.length > before));
	if (log.error) return log;
	(server.peers.at(-1) as tls.TLSSocket).write("x");
	await until(() => log.text === "x");
	log.socket.close();
	return log;
}

describe("TLS session", () => {
	it("is resumed for the same peer, identity, authorities and pins", async () => {
		for (const maxVersion of VERSIONS) {
			const server = await serve({ maxVersion, requestCert: true, ca: pki.authority.pem });
			const sessions = new SessionCache();
			const secure = { identity, pins: [pki.broker.pin] };
			for (let count = 0; count < 3; count++) await visit(server, sessions, secure);
			// A ticket of TLS 1.3 is used once, and node:tls as a server gives none to a resumed
			// session.
			const isLasting = maxVersion === "TLSv1.2";
			expect(server.resumed).toEqual([false, true, isLasting]);
		}
	});

	it("is not offered when anything about the judgement differs", async () => {
		const server = await serve();
		const sessions = new SessionCache();
		await visit(server, sessions);
		await visit(server, sessions, { authorities: [pki.authority.der, pki.stranger.der] });
		await visit(server, sessions, { pins: [pki.broker.pin] });
		await visit(server, sessions, { identity });
		const refused = await visit(server, sessions, { serverName: "else.test" });
		expect(refused.error).toBe("error tls-host-name");
		expect(server.resumed).not.toContain(true);
	});

	it("is judged again by the dates of the chain that was verified", async () => {
		for (const maxVersion of VERSIONS) {
			const cert = pki.deepBroker.pem + pki.intermediate.pem;
			const server = await serve({ maxVersion, cert, key: pki.deepBroker.keyPEM });
			const sessions = new SessionCache();
			await visit(server, sessions);
			const time = { unixSeconds: now + 6 * DAY_S, isLowerBound: true };
			const later = await visit(server, sessions, { time });
			expect(later.error).toBe("error tls-expired");
			expect(later.isWritable).toBe(false);
			await settle();
			expect(server.resumed).toEqual([false, true]);
		}
	});

	it("is judged again by name and pin, should the cache ever hand over a wrong one", async () => {
		const server = await serve();
		const known = new SessionCache();
		await visit(server, known);
		const secure = { serverName: NAME, authorities: [pki.authority.der], pins: [] };
		const kept = known.take(sessionKeyOf(server.port, secure));
		if (!kept) throw new Error("no session was kept");
		for (const [wrong, code] of [
			[{ pins: [pki.device.pin] }, "error tls-pin"],
			[{ serverName: "else.test" }, "error tls-host-name"],
		] as const) {
			const sessions = new SessionCache();
			sessions.keep(sessionKeyOf(server.port, { ...secure, ...wrong }), kept);
			expect((await visit(server, sessions, wrong)).error).toBe(code);
		}
	});

	it("is not kept of a refused peer", async () => {
		const server = await serve();
		const sessions = new SessionCache();
		const pins = [pki.device.pin];
		expect((await visit(server, sessions, { pins })).error).toBe("error tls-pin");
		await settle();
		const secure = { serverName: NAME, authorities: [pki.authority.der], pins };
		expect(sessions.take(sessionKeyOf(server.port, secure))).toBeUndefined();
	});

	it("is forgotten when many others were kept", () => {
		const sessions = new SessionCache();
		const kept = { session: Buffer.of(1), chain: [] };
		for (let index = 0; index < 9; index++) sessions.keep(`${index}`, kept);
		expect(sessions.take("0")).toBeUndefined();
		expect(sessions.take("8")).toBe(kept);
		expect(sessions.take("8")).toBeUndefined();
	});
});
