// What the C session offers and accepts of the protocol, and which code each failure has. A fault
// is always shown next to the same server without it.
import { createServer, type Socket } from "node:net";
import { describeWhere } from "../../support/c-program.js";
import { until } from "../../support/socket-log.js";
import { closeAll, listen, pki, serve } from "../../support/tls-bench.js";
import { codeOf, missing, ProbeBench } from "./bench.js";

/** A handshake flight of TLS 1.2 with our chains has less than this. */
const FLIGHT_BYTES = 4096;

describeWhere(missing, "TLS session in C: the protocol", () => {
	let bench: ProbeBench;
	beforeAll(() => {
		bench = new ProbeBench();
	});
	afterEach(() => {
		bench.closeServers();
		closeAll();
	});
	afterAll(() => bench?.close());

	it("carries bytes both ways with ALPN, and says goodbye", async () => {
		const server = await serve({ ALPNProtocols: ["mqtt"], maxVersion: "TLSv1.2" });
		const probe = bench.probe(server.port, "protocol=x", "protocol=mqtt", "send=hello", "wait=5");
		await until(() => server.peers.length === 1);
		let received = "";
		let isEnded = false;
		server.peers[0]?.on("data", (bytes: Buffer) => {
			received += bytes.toString();
			server.peers[0]?.write("world");
		});
		server.peers[0]?.on("end", () => (isEnded = true));
		expect(await probe).toEqual([
			"open resumed=0 protocol=mqtt record=2048+29",
			"data world",
			"closed received=5",
		]);
		await until(() => isEnded);
		expect(received).toBe("hello");
	});

	it("carries more than every buffer, fed one byte at a time", async () => {
		const server = await serve();
		const text = "abcdefghij".repeat(5000);
		const more = [`send=${text}`, `wait=${text.length}`];
		for (const chunk of [1, 7, 4096]) {
			const probe = bench.probe(server.port, ...more, `chunk=${chunk}`);
			await until(() => server.peers.length === 1);
			const peer = server.peers.pop();
			peer?.on("data", (bytes: Buffer) => peer.write(bytes));
			expect((await probe).at(-1)).toBe(`closed received=${text.length}`);
		}
	});

	it("asks for shorter records", async () => {
		const server = await bench.serve({ arguments: ["-tls1_2"] });
		expect(await bench.probe(server.port, "fragment=1024")).toContain(
			"open resumed=0 protocol= record=1024+29",
		);
		expect(codeOf(await bench.probe(server.port, "fragment=1000"))).toBe("handshake");
	});

	it("tells truncation from close_notify, and both from a transport that ends early", async () => {
		const server = await serve();
		const closed = bench.probe(server.port, "wait=100");
		await until(() => server.peers.length === 1);
		server.peers[0]?.end("bye");
		expect((await closed).slice(1)).toEqual(["data bye", "error closed"]);

		const cut = bench.probe(server.port, "wait=100");
		await until(() => server.peers.length === 2);
		server.peers[1]?.write("bye", () => server.transports[1]?.destroy());
		expect((await cut).slice(1)).toEqual(["data bye", "error truncated"]);

		const deaf = createServer((socket) => socket.once("data", () => socket.destroy()));
		expect(await bench.probe(await listen(deaf))).toEqual(["error tcp"]);
	});

	it("refuses every version before TLS 1.2", async () => {
		for (const version of ["-tls1", "-tls1_1"]) {
			const server = await bench.serve({ arguments: [version, "-cipher", "ALL:@SECLEVEL=0"] });
			expect([version, codeOf(await bench.probe(server.port))]).toEqual([version, "version"]);
		}
		const server = await bench.serve({ arguments: ["-tls1_2", "-cipher", "ALL:@SECLEVEL=0"] });
		expect(codeOf(await bench.probe(server.port))).toBe("open");
	});

	it("offers no suite without encryption, authentication, forward secrecy or AEAD", async () => {
		for (const suites of ["NULL", "aNULL", "kRSA", "ECDHE-ECDSA-AES128-SHA", "PSK", "DHE"]) {
			const server = await bench.serve({
				identity: pki.broker,
				arguments: ["-tls1_2", "-cipher", `${suites}:@SECLEVEL=0`],
			});
			expect([suites, codeOf(await bench.probe(server.port))]).toEqual([suites, "handshake"]);
		}
		for (const suites of ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"]) {
			const server = await bench.serve({ arguments: ["-tls1_2", "-cipher", suites] });
			expect([suites, codeOf(await bench.probe(server.port))]).toEqual([suites, "open"]);
		}
	});

	it("refuses signatures over SHA-1", async () => {
		const weak = ["-tls1_2", "-cipher", "ALL:@SECLEVEL=0", "-sigalgs", "ECDSA+SHA1"];
		const server = await bench.serve({ arguments: weak });
		expect(codeOf(await bench.probe(server.port))).toBe("handshake");
		const strong = [...weak.slice(0, -1), "ECDSA+SHA256"];
		const other = await bench.serve({ arguments: strong });
		expect(codeOf(await bench.probe(other.port))).toBe("open");
	});

	it("does not renegotiate", async () => {
		const server = await bench.serve({ arguments: ["-tls1_2"] });
		const probe = bench.probe(server.port, "wait=6");
		await until(() => server.output().includes("CIPHER is"));
		server.type("r\n");
		// OpenSSL ends a connection whose peer refuses.
		await until(() => server.output().includes("no renegotiation"));
		expect((await probe).slice(1)).toEqual(["error record"]);
	});

	it("takes plain text for a failed handshake", async () => {
		const server = createServer((socket) => {
			socket.on("error", () => undefined);
			socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
		});
		expect(codeOf(await bench.probe(await listen(server)))).toBe("handshake");
	});

	it("gives up a handshake that never ends", async () => {
		// Warnings that mean nothing: the library reads on for ever.
		const warnings = Buffer.from("15030300020164".repeat(100), "hex");
		let sent = 0;
		const flood = (socket: Socket) => {
			while (!socket.destroyed && sent < 1_000_000) {
				sent += warnings.length;
				if (!socket.write(warnings)) break;
			}
		};
		const server = createServer((socket) => {
			socket.on("error", () => undefined);
			socket.on("drain", () => flood(socket));
			socket.once("data", () => flood(socket));
		});
		expect(codeOf(await bench.probe(await listen(server)))).toBe("handshake");
	});

	it("survives every allocation that fails, and leaks nothing by it", async () => {
		const server = await bench.serve({ arguments: ["-tls1_2"] });
		const lines = await bench.probe(server.port, "starve=1", ...bench.identity(pki.device));
		expect(lines.at(-1)).toBe("enough");
		const codes = new Set(lines.filter((line) => line.startsWith("error")));
		// The library takes some of its own failures for those of a signature; it never connects.
		for (const code of codes) {
			expect(["error resources", "error handshake", "error authority"]).toContain(code);
		}
		expect(codes).toContain("error resources");
		expect(lines.filter((line) => line.startsWith("open")).length).toBeLessThan(3);
		expect(lines.length).toBeGreaterThan(20);
	});

	it("closes on a broken record", async () => {
		const server = await serve();
		const probe = bench.probe(server.port, "wait=100");
		await until(() => server.peers.length === 1);
		const record = Buffer.concat([Buffer.from("170303002000", "hex"), Buffer.alloc(31, 7)]);
		server.transports[0]?.write(record);
		expect(codeOf((await probe).slice(1))).toBe("record");
		expect(record.length).toBeLessThan(FLIGHT_BYTES);
	});
});
