// OpenSSL, an implementation that is not ours, judges what the fleet issues.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fleet } from "../../tools/pki/fleet.js";
import { makeRequest } from "../support/certificate-request.js";

let root: string;
let fleet: Fleet;
let device: { certificateFile: string; keyFile: string; serial: string };
let broker: { certificateFile: string; keyFile: string };
let operator: { certificateFile: string; keyFile: string; serial: string };
let server: ChildProcess | undefined;

beforeAll(async () => {
	root = mkdtempSync(join(tmpdir(), "holdfast-pki-"));
	fleet = await Fleet.create(join(root, "fleet"), { name: "Test" });
	broker = await fleet.issueBrokerCertificate({ name: "main", hosts: ["localhost", "127.0.0.1"] });
	operator = await fleet.issueOperator({ name: "alice" });
	const { csr, key } = makeRequest("sensor-1");
	const issued = await fleet.issueDeviceCertificate({ deviceId: "sensor-1", csr });
	device = {
		certificateFile: join(root, "sensor-1.crt"),
		keyFile: join(root, "sensor-1.key"),
		serial: issued.serial,
	};
	writeFileSync(device.certificateFile, issued.pem);
	writeFileSync(device.keyFile, key, { mode: 0o600 });
});
afterEach(() => {
	server?.kill();
	server = undefined;
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function openssl(words: string[], input = ""): { status: number | null; output: string } {
	const { status, stdout, stderr } = spawnSync("openssl", words, { input, encoding: "utf8" });
	return { status, output: stdout + stderr };
}

function verify(certificate: string, purpose: string, more: string[] = []) {
	const authority = ["-CAfile", fleet.authorityFile, "-x509_strict", "-purpose", purpose];
	return openssl(["verify", ...authority, ...more, certificate]);
}

async function freePort(): Promise<number> {
	const probe = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => probe.once("listening", resolve));
	const { port } = probe.address() as AddressInfo;
	await new Promise((resolve) => probe.close(resolve));
	return port;
}

/** OpenSSL as a TLS server that demands a client certificate. Resolves to its port. */
async function serve(more: string[] = []): Promise<number> {
	const port = await freePort();
	const identity = ["-cert", broker.certificateFile, "-key", broker.keyFile];
	const judge = ["-CAfile", fleet.authorityFile, "-Verify", "1", "-verify_return_error"];
	const words = ["s_server", "-accept", `127.0.0.1:${port}`, ...identity, ...judge, ...more];
	const child = spawn("openssl", words, { stdio: ["pipe", "pipe", "pipe"] });
	server = child;
	await new Promise<void>((resolve, reject) => {
		child.stdout.on("data", (text: Buffer) => {
			if (String(text).includes("ACCEPT")) resolve();
		});
		child.once("exit", () => reject(new Error("openssl s_server ended")));
	});
	return port;
}

function connect(
	port: number,
	identity?: { certificateFile: string; keyFile: string },
	host = "localhost",
) {
	const own = identity ? ["-cert", identity.certificateFile, "-key", identity.keyFile] : [];
	const judge = ["-CAfile", fleet.authorityFile, "-verify_return_error", "-verify_hostname", host];
	// TLS 1.2: a client hears of a refused certificate within the handshake
	const words = ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2", ...own, ...judge];
	return openssl(words, "Q\n");
}

describe("openssl verify", () => {
	it("accepts each certificate for its purpose", () => {
		for (const [certificate, purpose] of [
			[broker.certificateFile, "sslserver"],
			[operator.certificateFile, "sslclient"],
			[device.certificateFile, "sslclient"],
		] as const) {
			const { status, output } = verify(certificate, purpose);
			expect([output.trim(), status]).toEqual([`${certificate}: OK`, 0]);
		}
	});

	it("accepts none for the other purpose", () => {
		expect(verify(broker.certificateFile, "sslclient").status).not.toBe(0);
		expect(verify(operator.certificateFile, "sslserver").status).not.toBe(0);
		expect(verify(device.certificateFile, "sslserver").status).not.toBe(0);
	});

	it("accepts the broker under its names and no other", () => {
		for (const name of [
			["-verify_hostname", "localhost"],
			["-verify_ip", "127.0.0.1"],
		]) {
			expect(verify(broker.certificateFile, "sslserver", name).status).toBe(0);
		}
		const other = ["-verify_hostname", "example.com"];
		expect(verify(broker.certificateFile, "sslserver", other).status).not.toBe(0);
	});

	it("refuses what another fleet issued", async () => {
		const other = await Fleet.create(join(root, "other"), { name: "Test" });
		const { certificateFile } = await other.issueOperator({ name: "alice" });
		expect(verify(certificateFile, "sslclient").status).not.toBe(0);
	});

	it("accepts the revocation list, and refuses what it names", async () => {
		const check = ["-crl_check", "-CRLfile", fleet.revocationListFile];
		expect(verify(operator.certificateFile, "sslclient", check).status).toBe(0);
		const { certificateFile, serial } = await fleet.issueOperator({ name: "mallory" });
		await fleet.revoke(serial);
		expect(verify(operator.certificateFile, "sslclient", check).status).toBe(0);
		expect(verify(certificateFile, "sslclient", check).output).toContain("certificate revoked");
		const list = ["crl", "-in", fleet.revocationListFile, "-noout", "-CAfile", fleet.authorityFile];
		expect(openssl(list).output).toContain("verify OK");
	});
});

describe("openssl s_client and s_server", () => {
	it("shake hands with the fleet's certificates on both sides", async () => {
		const port = await serve();
		for (const identity of [device, operator]) {
			const { status, output } = connect(port, identity);
			expect(output).toContain("Verify return code: 0 (ok)");
			expect(status).toBe(0);
		}
	});

	it("refuse a client without a certificate, and a server of another name", async () => {
		const port = await serve();
		expect(connect(port).status).not.toBe(0);
		expect(connect(port, device, "example.com").output).toContain("hostname mismatch");
	});

	it("refuse a client whose certificate was revoked", async () => {
		const { certificateFile, keyFile, serial } = await fleet.issueOperator({ name: "trudy" });
		const before = join(root, "before.pem");
		copyFileSync(fleet.revocationListFile, before);
		await fleet.revoke(serial);
		const allowed = await serve(["-crl_check", "-CRL", before]);
		expect(connect(allowed, { certificateFile, keyFile }).status).toBe(0);
		server?.kill();
		const refused = await serve(["-crl_check", "-CRL", fleet.revocationListFile]);
		expect(connect(refused, { certificateFile, keyFile }).status).not.toBe(0);
		expect(connect(refused, device).status).toBe(0);
	});
});
