// When the C session resumes, and above all when it does not: a resumed handshake shows no
// certificate.
import { describeWhere } from "../../support/c-program.js";
import { closeAll, pki, serve } from "../../support/tls-bench.js";
import { issue } from "../../support/throw-away-pki.js";
import { codeOf, missing, ProbeBench } from "./bench.js";

const DAY_S = 86_400;
const now = Math.floor(Date.now() / 1000);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const isResumed = (lines: readonly string[]) =>
	lines.filter((line) => line.startsWith("open")).map((line) => line.includes("resumed=1"));

describeWhere(missing, "TLS session in C: resumption", () => {
	let bench: ProbeBench;
	beforeAll(() => {
		bench = new ProbeBench();
	});
	afterEach(() => {
		bench.closeServers();
		closeAll();
	});
	afterAll(() => bench?.close());

	it("resumes with whom it verified, again and again", async () => {
		const server = await serve({ maxVersion: "TLSv1.2" });
		const lines = await bench.probe(server.port, "connections=4", ...bench.identity(pki.device));
		expect(isResumed(lines)).toEqual([false, true, true, true]);
		expect(server.resumed).toEqual([false, true, true, true]);
	});

	it("resumes in TLS 1.3 by tickets behind the handshake, where the library has it", async () => {
		const server = await bench.serve({ arguments: ["-tls1_3", "-www"] });
		const request = ["send=GET / HTTP/1.0\r\n\r\n", "wait=20", "connections=3"];
		const lines = await bench.probe(server.port, ...request);
		if (codeOf(lines) === "version") expect(lines).toEqual(Array(3).fill("error version"));
		else expect(isResumed(lines)).toEqual([false, true, true]);
	});

	it("resumes for nobody else: each difference is another session", async () => {
		// Two servers that share the keys of their tickets, as one that impersonates the other would.
		const ticketKeys = Buffer.alloc(48, 3);
		const names = ["broker.test", "127.0.0.1"];
		const both = issue({ subject: "both", issuer: pki.authority, names });
		const options = {
			maxVersion: "TLSv1.2",
			ticketKeys,
			cert: both.pem,
			key: both.keyPEM,
		} as const;
		const server = await serve(options);
		const other = await serve(options);
		const changes: Record<string, string[]> = {
			nothing: [],
			port: [`port=${other.port}`],
			name: ["name=127.0.0.1"],
			authorities: [bench.file("authority", pki.stranger)],
			identity: bench.identity(pki.device),
			pins: [`pin=${hex(both.pin)}`],
			protocols: ["protocol=mqtt"],
		};
		for (const [what, change] of Object.entries(changes)) {
			const lines = await bench.probe(server.port, "connections=2", "then", ...change);
			expect([what, isResumed(lines)]).toEqual([what, [false, what === "nothing"]]);
		}
	});

	it("judges the dates of a resumed session too, which the library does not", async () => {
		const server = await serve({ maxVersion: "TLSv1.2" });
		const at = (days: number) => `time=${now + days * DAY_S}`;
		const again = await bench.probe(server.port, at(0), "connections=2", "then", at(29));
		expect(isResumed(again)).toEqual([false, true]);
		const late = await bench.probe(server.port, at(0), "connections=2", "then", at(31));
		expect(isResumed(late)).toEqual([false]);
		expect(codeOf(late)).toBe("expired");
		// Nor does a session outlive its chain by being resumed in between.
		const thrice = [at(0), "connections=3", "then", at(29), "then", at(31)];
		const between = await bench.probe(server.port, ...thrice);
		expect(isResumed(between)).toEqual([false, true]);
		expect(codeOf(between)).toBe("expired");
		// The intermediate has five days, its leaf thirty.
		const cert = pki.deepBroker.pem + pki.intermediate.pem;
		const deep = await serve({ maxVersion: "TLSv1.2", cert, key: pki.deepBroker.keyPEM });
		const chained = await bench.probe(deep.port, at(0), "connections=2", "then", at(6));
		expect(isResumed(chained)).toEqual([false]);
		expect(codeOf(chained)).toBe("expired");
	});

	it("keeps nothing of a peer that it refused", async () => {
		const server = await serve({ maxVersion: "TLSv1.2" });
		const expired = [`time=${now + 400 * DAY_S}`, "connections=2", "then", `time=${now}`];
		expect(isResumed(await bench.probe(server.port, ...expired))).toEqual([false]);
	});

	it("connects in full where a ticket is no good any more", async () => {
		const server = await bench.serve({ arguments: ["-tls1_2", "-no_ticket", "-no_cache"] });
		const lines = await bench.probe(server.port, "connections=3");
		expect(isResumed(lines)).toEqual([false, false, false]);
	});

	it("connects a thousand times without keeping a byte more", async () => {
		const server = await serve({ maxVersion: "TLSv1.2" });
		const lines = await bench.probe(server.port, "connections=1000", "wait=0");
		expect(lines.filter((line) => line.startsWith("closed"))).toHaveLength(1000);
		const [settled, end] = (lines.at(-1) ?? "").split(" ").slice(1).map(Number);
		expect(end).toBe(settled);
	});

	it("connects in full a hundred times without keeping a byte more", async () => {
		const server = await bench.serve({ arguments: ["-tls1_2", "-no_ticket", "-no_cache"] });
		const lines = await bench.probe(server.port, "connections=100", ...bench.identity(pki.device));
		expect(lines.filter((line) => line.startsWith("closed"))).toHaveLength(100);
		const [settled, end] = (lines.at(-1) ?? "").split(" ").slice(1).map(Number);
		expect(end).toBe(settled);
	});
});
