// Judgement of the peer by the TLS socket, against real servers with throw-away certificates.
import { X509Certificate } from "node:crypto";
import { createServer } from "node:net";
import type * as tls from "node:tls";
import { settle, until } from "../../support/socket-log.js";
import { issue } from "../../support/throw-away-pki.js";
import { closeAll, identity, join, listen, NAME, pki } from "../../support/tls-bench.js";
import { serve, serveWithOpenSSL } from "../../support/tls-bench.js";
import type { TLSSecureOptions } from "../../../src/ports.js";

const DAY_S = 86_400;
const now = Math.floor(Date.now() / 1000);

afterEach(closeAll);

/** The code with which a connection is refused, having been of no use before. */
async function refusal(port: number, secure?: Partial<TLSSecureOptions>): Promise<string> {
	const log = join(port, secure);
	await until(() => log.error !== undefined);
	await settle(5);
	expect(log.events).toHaveLength(1);
	return log.error as string;
}

describe("TLSSocket", () => {
	it("carries bytes both ways over mutual TLS with SNI and ALPN", async () => {
		const server = await serve({
			requestCert: true,
			rejectUnauthorized: true,
			ca: pki.authority.pem,
			ALPNProtocols: ["mqtt"],
		});
		const log = join(server.port, {
			identity,
			applicationLayerProtocols: ["mqtt"],
		});
		await until(() => log.isWritable);
		expect(log.socket.write(Buffer.from("up"))).toBe(8192 - 2);
		await until(() => server.peers.length === 1);
		const peer = server.peers[0] as tls.TLSSocket & { servername?: string };
		expect(peer.getPeerCertificate().subject.CN).toBe("device-1");
		expect(peer.servername).toBe(NAME);
		expect(peer.alpnProtocol).toBe("mqtt");
		const up = await new Promise<Buffer>((resolve) => peer.once("data", resolve));
		expect(up.toString()).toBe("up");
		peer.write("down");
		await until(() => log.text === "down");
	});

	it("carries more than every buffer both ways", async () => {
		const server = await serve({});
		const log = join(server.port);
		await until(() => server.peers.length === 1 && log.isWritable);
		const peer = server.peers[0] as tls.TLSSocket;
		const large = Buffer.alloc(300_000, "abcdefg");
		let sent = 0;
		let echoed = 0;
		peer.on("data", (bytes: Buffer) => {
			echoed += bytes.length;
			peer.write(bytes);
		});
		while (sent < large.length) {
			const part = large.subarray(sent, sent + 4096);
			try {
				log.socket.write(part);
				sent += part.length;
			} catch (error) {
				expect(error).toBeInstanceOf(RangeError);
				await settle(1);
			}
		}
		await until(() => log.text.length === large.length);
		expect(echoed).toBe(large.length);
		expect(log.text).toBe(large.toString());
	});

	it("leaves with the peer what its owner does not read", async () => {
		const server = await serve({});
		const log = join(server.port);
		log.isReading = false;
		await until(() => server.peers.length === 1 && log.isWritable);
		const peer = server.peers[0] as tls.TLSSocket;
		const large = Buffer.alloc(8_000_000, "x");
		let isSent = false;
		peer.write(large, () => (isSent = true));
		await settle(300);
		expect(isSent).toBe(false);
		log.isReading = true;
		log.read();
		await until(() => log.text.length === large.length);
	});

	it("tells once from when on the verified certificate holds", async () => {
		const { port } = await serve();
		const told: number[] = [];
		const onVerified = ({ notBefore }: { notBefore: number }) => void told.push(notBefore);
		const log = join(port, { onVerified });
		await until(() => log.isWritable);
		expect(told).toEqual([Date.parse(new X509Certificate(pki.broker.der).validFrom) / 1000]);
		await refusal(port, { onVerified, pins: [pki.device.pin] });
		expect(told).toHaveLength(1);
	});

	it("refuses an authority that it does not hold", async () => {
		const server = await serve({});
		expect(await refusal(server.port, { authorities: [pki.stranger.der] })).toBe(
			"error tls-authority",
		);
		expect(server.peers.every((peer) => peer.bytesRead === 0)).toBe(true);
	});

	it("refuses a self-signed peer", async () => {
		const names = [NAME];
		const lonely = issue({ subject: NAME, names });
		const server = await serve({ cert: lonely.pem, key: lonely.keyPEM });
		expect(await refusal(server.port)).toBe("error tls-authority");
	});

	it("accepts an authority that is not self-signed itself", async () => {
		const server = await serve({ cert: pki.deepBroker.pem, key: pki.deepBroker.keyPEM });
		const log = join(server.port, {
			authorities: [pki.intermediate.der],
			pins: [pki.intermediate.pin],
		});
		await until(() => log.isWritable);
	});

	it("refuses a certificate for another name", async () => {
		const server = await serve({});
		expect(await refusal(server.port, { serverName: "else.test" })).toBe("error tls-host-name");
	});

	it("compares an address with the addresses of the certificate", async () => {
		const names = ["127.0.0.1"];
		const local = issue({ subject: "local", issuer: pki.authority, names });
		const server = await serve({ cert: local.pem, key: local.keyPEM });
		const log = join(server.port, { serverName: "127.0.0.1" });
		await until(() => log.isWritable);
		expect(await refusal(server.port, { serverName: "127.0.0.2" })).toBe("error tls-host-name");
	});

	it("refuses what has expired and what is not yet valid", async () => {
		const names = [NAME];
		const old = issue({ subject: NAME, issuer: pki.authority, names, fromDays: -9, toDays: -2 });
		const young = issue({ subject: NAME, issuer: pki.authority, names, fromDays: 2, toDays: 9 });
		const oldServer = await serve({ cert: old.pem, key: old.keyPEM });
		expect(await refusal(oldServer.port)).toBe("error tls-expired");
		const youngServer = await serve({ cert: young.pem, key: young.keyPEM });
		expect(await refusal(youngServer.port)).toBe("error tls-not-yet-valid");
	});

	it("judges the dates of the whole chain by the device's time", async () => {
		const server = await serve({
			cert: pki.deepBroker.pem + pki.intermediate.pem,
			key: pki.deepBroker.keyPEM,
		});
		const at = (days: number, isLowerBound: boolean) => ({
			time: { unixSeconds: now + days * DAY_S, isLowerBound },
		});
		// The leaf and the authority live for 30 days, the certificate between them for 5.
		expect(await refusal(server.port, at(6, false))).toBe("error tls-expired");
		expect(await refusal(server.port, at(6, true))).toBe("error tls-expired");
		expect(await refusal(server.port, at(-2, false))).toBe("error tls-not-yet-valid");
		const log = join(server.port, at(-2, true));
		await until(() => log.isWritable);
	});

	it("accepts a pin anywhere in the verified chain and refuses when none matches", async () => {
		const server = await serve({
			cert: pki.deepBroker.pem + pki.intermediate.pem,
			key: pki.deepBroker.keyPEM,
		});
		for (const { pin } of [pki.deepBroker, pki.intermediate, pki.authority]) {
			const log = join(server.port, { pins: [pki.stranger.pin, pin] });
			await until(() => log.isWritable);
		}
		expect(await refusal(server.port, { pins: [pki.broker.pin] })).toBe("error tls-pin");
	});

	it("does not take a certificate that was only sent along for the verified chain", async () => {
		const server = await serve({
			cert: pki.broker.pem + pki.intermediate.pem,
			key: pki.broker.keyPEM,
		});
		expect(await refusal(server.port, { pins: [pki.intermediate.pin] })).toBe("error tls-pin");
	});

	it("refuses a server that offers nothing above TLS 1.1", async () => {
		const server = await serve({
			minVersion: "TLSv1",
			maxVersion: "TLSv1.1",
			ciphers: "DEFAULT@SECLEVEL=0",
		});
		expect(await refusal(server.port)).toBe("error tls-version");
	});

	it("names the alert by which its own certificate is refused, in TLS 1.2 and 1.3", async () => {
		for (const version of ["-tls1_2", "-tls1_3"]) {
			// The server knows another authority than the one that issued the device's certificate.
			const port = await serveWithOpenSSL([version, "-Verify", "1", "-verify_return_error"]);
			const log = join(port, { identity });
			await until(() => log.error !== undefined);
			expect(log.error).toBe("error tls-client-certificate");
		}
	});

	// node:tls as a server closes without an alert when it does not know the certificate.
	it("reports a silent refusal of its certificate as a closed transport or session", async () => {
		for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
			const server = await serve({ maxVersion, requestCert: true, ca: pki.stranger.pem });
			const log = join(server.port, { identity });
			await until(() => log.error !== undefined);
			expect(["error tcp", "error tls-truncated", "error tls-closed"]).toContain(log.error);
		}
	});

	it("reports a plaintext server as a failed handshake", async () => {
		const server = createServer((socket) => {
			socket.on("error", () => undefined);
			socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
		});
		expect(await refusal(await listen(server))).toBe("error tls-handshake");
	});

	it("reports a transport that is refused or that ends during the handshake as tcp", async () => {
		const server = createServer((socket) => {
			socket.on("error", () => undefined);
			socket.once("data", () => socket.destroy());
		});
		const port = await listen(server);
		expect(await refusal(port)).toBe("error tcp");
		server.close();
		await settle(5);
		expect(await refusal(port)).toBe("error tcp");
	});

	it("tells truncation from close_notify, after everything received", async () => {
		for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
			const server = await serve({ maxVersion });
			const closed = join(server.port);
			await until(() => server.peers.length === 1 && closed.isWritable);
			closed.isReading = false;
			(server.peers[0] as tls.TLSSocket).end("bye");
			await settle();
			expect(closed.error).toBeUndefined();
			closed.read();
			await until(() => closed.error !== undefined);
			expect([closed.text, closed.error]).toEqual(["bye", "error tls-closed"]);

			const cut = join(server.port);
			await until(() => server.peers.length === 2 && cut.isWritable);
			const peer = server.peers[1] as tls.TLSSocket;
			peer.write("bye", () => server.transports.at(-1)?.destroy());
			await until(() => cut.error !== undefined);
			expect([cut.text, cut.error]).toEqual(["bye", "error tls-truncated"]);
		}
	});

	it("fails, and does not throw, for a missing key or a broken certificate", async () => {
		const server = await serve({});
		const keyless = { ...identity, key: "tls-9" };
		expect(await refusal(server.port, { identity: keyless })).toBe("error tls-handshake");
		const authorities = [Uint8Array.of(0x30, 0x01, 0x00)];
		expect(await refusal(server.port, { authorities })).toBe("error tls-handshake");
	});
});
