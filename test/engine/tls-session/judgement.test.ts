// Whom the C session takes for its server: chains, names, dates, pins. Real servers, throw-away
// certificates.
import { describeWhere } from "../../support/c-program.js";
import { until } from "../../support/socket-log.js";
import { issue } from "../../support/throw-away-pki.js";
import { closeAll, NAME, pki, serve } from "../../support/tls-bench.js";
import { codeOf, missing, ProbeBench } from "./bench.js";

const DAY_S = 86_400;
const now = Math.floor(Date.now() / 1000);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describeWhere(missing, "TLS session in C: whom it trusts", () => {
	let bench: ProbeBench;
	beforeAll(() => {
		bench = new ProbeBench();
	});
	afterEach(() => {
		bench.closeServers();
		closeAll();
	});
	afterAll(() => bench?.close());

	it("accepts a server of its authority, and one behind an intermediate", async () => {
		const { port } = await serve();
		expect(codeOf(await bench.probe(port))).toBe("open");
		const deep = await serve({
			cert: pki.deepBroker.pem + pki.intermediate.pem,
			key: pki.deepBroker.keyPEM,
		});
		expect(codeOf(await bench.probe(deep.port))).toBe("open");
		const partial = await serve({ cert: pki.deepBroker.pem, key: pki.deepBroker.keyPEM });
		expect(codeOf(await bench.probe(partial.port))).toBe("authority");
		const anchor = bench.file("authority", pki.intermediate);
		expect(codeOf(await bench.probe(partial.port, anchor))).toBe("open");
	});

	it("refuses an authority that it does not hold, and a lonely certificate", async () => {
		const { port } = await serve();
		expect(codeOf(await bench.probe(port, bench.file("authority", pki.stranger)))).toBe(
			"authority",
		);
		const lonely = issue({ subject: NAME, names: [NAME] });
		const other = await serve({ cert: lonely.pem, key: lonely.keyPEM });
		expect(codeOf(await bench.probe(other.port))).toBe("authority");
	});

	it("refuses a self-signed leaf with the right name before a genuine intermediate", async () => {
		const lonely = issue({ subject: NAME, names: [NAME] });
		const server = await bench.serve({ identity: lonely, chain: [pki.intermediate.pem] });
		expect(codeOf(await bench.probe(server.port))).toBe("authority");
		const genuine = await bench.serve({ identity: pki.deepBroker, chain: [pki.intermediate.pem] });
		expect(codeOf(await bench.probe(genuine.port))).toBe("open");
	});

	it("refuses a leaf that was signed by another leaf", async () => {
		const forged = issue({ subject: NAME, names: [NAME], issuer: pki.device });
		const server = await bench.serve({ identity: forged, chain: [pki.device.pem] });
		expect(codeOf(await bench.probe(server.port))).toBe("authority");
	});

	it("refuses another name, and matches wildcards and letters of either case", async () => {
		const { port } = await serve();
		expect(codeOf(await bench.probe(port, "name=other.test"))).toBe("host-name");
		expect(codeOf(await bench.probe(port, "name=BROKER.test"))).toBe("open");
		const wild = issue({ subject: "wild", issuer: pki.authority, names: ["*.fleet.test"] });
		const server = await serve({ cert: wild.pem, key: wild.keyPEM });
		expect(codeOf(await bench.probe(server.port, "name=a.fleet.test"))).toBe("open");
		expect(codeOf(await bench.probe(server.port, "name=a.b.fleet.test"))).toBe("host-name");
	});

	// 2.28 does not compare addresses, and would take a common name that looks like one.
	it("compares an address with the addresses in the certificate and nothing else", async () => {
		const right = issue({ subject: "x", issuer: pki.authority, names: ["127.0.0.1"] });
		const wrong = issue({ subject: "127.0.0.1", issuer: pki.authority, names: ["127.0.0.2"] });
		const bare = issue({ subject: "127.0.0.1", issuer: pki.authority });
		const server = async (one: typeof right) =>
			(await serve({ cert: one.pem, key: one.keyPEM })).port;
		expect(codeOf(await bench.probe(await server(right), "name=127.0.0.1"))).toBe("open");
		expect(codeOf(await bench.probe(await server(wrong), "name=127.0.0.1"))).toBe("host-name");
		expect(codeOf(await bench.probe(await server(bare), "name=127.0.0.1"))).toBe("host-name");
		expect(codeOf(await bench.probe(await server(right), "name=127.0.0.3"))).toBe("host-name");
		expect(codeOf(await bench.probe(await server(right), "name=::1"))).toBe("host-name");
		// Begins with the same four bytes
		const longer = issue({ subject: "x", issuer: pki.authority, names: ["7f00:1::", "::1"] });
		expect(codeOf(await bench.probe(await server(longer), "name=127.0.0.1"))).toBe("host-name");
		expect(codeOf(await bench.probe(await server(longer), "name=::1"))).toBe("open");
	});

	it("sends the name as SNI, but never an address", async () => {
		const names: unknown[] = [];
		const both = issue({ subject: "x", issuer: pki.authority, names: [NAME, "127.0.0.1"] });
		const server = await serve({ cert: both.pem, key: both.keyPEM });
		expect(codeOf(await bench.probe(server.port))).toBe("open");
		expect(codeOf(await bench.probe(server.port, "name=127.0.0.1"))).toBe("open");
		for (const peer of server.peers) names.push((peer as { servername?: unknown }).servername);
		expect(names).toEqual([NAME, false]);
	});

	it("judges dates by the time given, not by the clock of this machine", async () => {
		const old = issue({
			...{ subject: NAME, issuer: pki.authority, names: [NAME] },
			...{ fromDays: -1, toDays: -0.5 },
		});
		const server = await serve({ cert: old.pem, key: old.keyPEM });
		const at = async (...time: string[]) => codeOf(await bench.probe(server.port, ...time));
		expect(await at(`time=${now}`)).toBe("expired");
		expect(await at(`floor=${now}`)).toBe("expired");
		expect(await at(`time=${now - 0.7 * DAY_S}`)).toBe("open");
		expect(await at(`time=${now - 2 * DAY_S}`)).toBe("not-yet-valid");
		// A lower bound cannot prove that a certificate is not valid yet.
		expect(await at(`floor=${now - 2 * DAY_S}`)).toBe("open");
	});

	it("judges the dates of the whole chain", async () => {
		const cert = pki.deepBroker.pem + pki.intermediate.pem;
		const server = await serve({ cert, key: pki.deepBroker.keyPEM });
		const at = async (days: number) =>
			codeOf(await bench.probe(server.port, `time=${now + days * DAY_S}`));
		expect(await at(4)).toBe("open");
		expect(await at(6)).toBe("expired"); // the intermediate, not the leaf
		expect(await at(-2)).toBe("not-yet-valid");
	});

	it("wants one of its pins in the verified chain", async () => {
		const cert = pki.deepBroker.pem + pki.intermediate.pem + pki.stranger.pem;
		const server = await serve({ cert, key: pki.deepBroker.keyPEM });
		const pinned = async (...pins: Uint8Array[]) =>
			codeOf(await bench.probe(server.port, ...pins.map((pin) => `pin=${hex(pin)}`)));
		expect(await pinned(pki.deepBroker.pin)).toBe("open");
		expect(await pinned(pki.intermediate.pin)).toBe("open");
		expect(await pinned(pki.authority.pin)).toBe("open");
		expect(await pinned(pki.broker.pin)).toBe("pin");
		expect(await pinned(pki.broker.pin, pki.deepBroker.pin)).toBe("open");
		// Sent along, but no part of the chain
		expect(await pinned(pki.stranger.pin)).toBe("pin");
	});

	it("names the most fundamental of several reasons", async () => {
		const { port } = await serve();
		const far = `time=${now + 400 * DAY_S}`;
		const pin = `pin=${hex(pki.stranger.pin)}`;
		const stranger = bench.file("authority", pki.stranger);
		expect(codeOf(await bench.probe(port, stranger, "name=other.test", far, pin))).toBe(
			"authority",
		);
		expect(codeOf(await bench.probe(port, "name=other.test", far, pin))).toBe("host-name");
		expect(codeOf(await bench.probe(port, far, pin))).toBe("expired");
		expect(codeOf(await bench.probe(port, pin))).toBe("pin");
	});

	it("identifies itself, and reports an alert about its certificate", async () => {
		const foreign = issue({ subject: "device-2", issuer: pki.stranger });
		const strict = await bench.serve({
			authorities: [pki.authority.pem],
			arguments: ["-Verify", "1", "-verify_return_error"],
		});
		// In TLS 1.3 the alert comes when the client is done.
		const refused = await bench.probe(strict.port, "wait=1", ...bench.identity(foreign));
		expect(refused.at(-1)).toBe("error client-certificate");
		expect(strict.output()).not.toContain("subject=CN = device-1");
		expect(codeOf(await bench.probe(strict.port, ...bench.identity(pki.device)))).toBe("open");
		await until(() => strict.output().includes("subject=CN = device-1"));
	});

	it("fails before anything is sent when certificate and key are not both there", async () => {
		const { port, transports } = await serve();
		const certificate = bench.file("certificate", pki.device);
		expect(codeOf(await bench.probe(port, certificate))).toBe("handshake");
		expect(codeOf(await bench.probe(port, bench.file("key", pki.device)))).toBe("handshake");
		expect(transports).toHaveLength(0);
	});
});
