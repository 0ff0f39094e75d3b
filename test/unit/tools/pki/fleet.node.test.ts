import { execFileSync } from "node:child_process";
import {
	chmodSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicKey, verify, X509Certificate } from "node:crypto";
import { makeRequest } from "../../../support/certificate-request.js";
import { keyIdOf } from "../../../../tools/pki/device-record.js";
import { Fleet } from "../../../../tools/pki/fleet.js";

let root: string;
let fleet: Fleet;

beforeEach(async () => {
	root = mkdtempSync(join(tmpdir(), "holdfast-fleet-"));
	fleet = await Fleet.create(join(root, "fleet"), { name: "Test" });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function codeOf(action: () => unknown): Promise<string> {
	try {
		await action();
	} catch (error) {
		return (error as { code: string }).code;
	}
	return "nothing was thrown";
}

function allFiles(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) =>
		join(entry.parentPath, entry.name),
	);
}

function factsOf(deviceId: string, key: Uint8Array) {
	return {
		deviceId,
		hardwareId: "a4cf12000001",
		signingKey: Buffer.from(key).toString("hex"),
		keyId: Buffer.from(keyIdOf(key)).toString("hex"),
		certificateSerial: "01",
		certificateFingerprint: "00".repeat(32),
		provisionedAt: "2026-01-01T00:00:00Z",
	};
}

describe("Fleet", () => {
	it("gives nobody but the owner a right to any of its files", async () => {
		await fleet.issueBrokerCertificate({ name: "main", hosts: ["localhost"] });
		await fleet.issueOperator({ name: "alice" });
		const open = allFiles(fleet.folder).filter((file) => (statSync(file).mode & 0o077) !== 0);
		expect(open).toEqual([]);
		expect(statSync(fleet.folder).mode & 0o777).toBe(0o700);
	});

	it("refuses to open a private key that others can read", async () => {
		chmodSync(join(fleet.folder, "ca.key"), 0o640);
		expect(await codeOf(() => Fleet.open(fleet.folder))).toBe("readable-by-others");
	});

	it("refuses to use an operator key that others can read", async () => {
		await fleet.issueOperator({ name: "alice" });
		chmodSync(join(fleet.folder, "operators", "alice.signing.key"), 0o604);
		expect(await codeOf(() => fleet.operatorSigner("alice"))).toBe("readable-by-others");
	});

	it("never makes a fleet where something is already", async () => {
		const before = readFileSync(join(fleet.folder, "ca.key"), "utf8");
		expect(await codeOf(() => Fleet.create(fleet.folder, { name: "Other" }))).toBe("exists");
		expect(readFileSync(join(fleet.folder, "ca.key"), "utf8")).toBe(before);
	});

	it("moves the old fleet aside when forced, and loses nothing", async () => {
		const before = readFileSync(join(fleet.folder, "ca.key"), "utf8");
		const after = await Fleet.create(fleet.folder, { name: "Other", force: true });
		expect(after.name).toBe("Other");
		const aside = readdirSync(root).find((name) => name.startsWith("fleet.replaced-")) as string;
		expect(readFileSync(join(root, aside, "ca.key"), "utf8")).toBe(before);
	});

	it("leaves no draft behind where a fleet cannot be made", async () => {
		const validity = { notBefore: new Date(2_000), notAfter: new Date(1_000) };
		const path = join(root, "other");
		expect(await codeOf(() => Fleet.create(path, { name: "X", validity }))).toBe("validity");
		expect(readdirSync(root)).toEqual(["fleet"]);
	});

	it("names a folder that is no fleet", async () => {
		expect(await codeOf(() => Fleet.open(join(root, "nowhere")))).toBe("not-a-fleet");
	});

	it("opens again what it made", async () => {
		const again = await Fleet.open(fleet.folder);
		expect(again.name).toBe("Test");
		expect(again.authorities()).toEqual(fleet.authorities());
	});
});

describe("Fleet certificates", () => {
	it("carry the extensions that TLS stacks ask for", async () => {
		const broker = await fleet.issueBrokerCertificate({
			name: "main",
			hosts: ["localhost", "broker.example", "127.0.0.1", "::1"],
		});
		const text = execFileSync("openssl", [
			"x509",
			"-in",
			broker.certificateFile,
			"-noout",
			"-text",
		]);
		expect(String(text)).toContain("X509v3 Basic Constraints: critical\n                CA:FALSE");
		expect(String(text)).toContain(
			"X509v3 Key Usage: critical\n                Digital Signature\n",
		);
		expect(String(text)).toContain("TLS Web Server Authentication");
		expect(String(text)).toContain("X509v3 Subject Key Identifier");
		expect(String(text)).toContain("X509v3 Authority Key Identifier");
		expect(String(text)).toContain(
			"DNS:localhost, DNS:broker.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
		);
		expect(String(text)).toContain("ecdsa-with-SHA256");
	});

	it("have random positive serials of 16 bytes", async () => {
		const serials = new Set<string>();
		for (const name of ["a", "b", "c", "d"])
			serials.add((await fleet.issueOperator({ name })).serial);
		expect(serials.size).toBe(4);
		for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
	});

	it("begin a little before they are made and end within the authority", async () => {
		const { certificate } = await fleet.issueBrokerCertificate({
			name: "main",
			hosts: ["localhost"],
			validity: { days: 100_000 },
		});
		const leaf = new X509Certificate(certificate);
		const root = new X509Certificate(fleet.authorities()[0] as Uint8Array);
		const before = Date.now() - Date.parse(leaf.validFrom);
		expect(before).toBeGreaterThan(60_000);
		expect(before).toBeLessThan(3_600_000);
		expect(leaf.validTo).toBe(root.validTo);
	});

	it("can be made for a time that is over, for those who test against it", async () => {
		const validity = { notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-01") };
		const made = await fleet.issueBrokerCertificate({
			name: "old",
			hosts: ["localhost"],
			validity,
		});
		expect(new X509Certificate(made.certificate).validTo).toBe("Feb  1 00:00:00 2020 GMT");
	});

	it("refuse hosts and names that mean nothing", async () => {
		const issue = (hosts: string[]) => fleet.issueBrokerCertificate({ name: "main", hosts });
		for (const host of ["", "a b", "-a", "a..b", "300.1.1.1", "x\n", "a/b", "*", "a".repeat(300)]) {
			expect([host, await codeOf(() => issue([host]))]).toEqual([host, "host"]);
		}
		expect(await codeOf(() => issue([]))).toBe("host");
		for (const name of ["", "..", "a/b", "+", "a b", "é", "a".repeat(65)]) {
			expect([name, await codeOf(() => fleet.issueOperator({ name }))]).toEqual([name, "name"]);
		}
	});

	it("refuse a chain that does not fit a device", async () => {
		const hosts = Array.from({ length: 100 }, (_, index) => `${"h".repeat(40)}${index}.example`);
		expect(await codeOf(() => fleet.issueBrokerCertificate({ name: "big", hosts }))).toBe(
			"chain-too-large",
		);
	});

	it("never replace a key unless forced", async () => {
		const first = await fleet.issueOperator({ name: "alice" });
		expect(await codeOf(() => fleet.issueOperator({ name: "alice" }))).toBe("exists");
		const second = await fleet.issueOperator({ name: "alice", force: true });
		expect(second.publicKey).not.toEqual(first.publicKey);
		expect(fleet.operators()).toHaveLength(1);
	});
});

describe("Fleet device certificates", () => {
	it("certify the key of the request under the device's name", async () => {
		const { csr, publicKey } = makeRequest("sensor-1");
		const issued = await fleet.issueDeviceCertificate({ deviceId: "sensor-1", csr });
		const certificate = new X509Certificate(issued.certificate);
		expect(certificate.subject).toBe("OU=device\nCN=sensor-1");
		expect(certificate.publicKey.export({ type: "spki", format: "der" })).toEqual(publicKey);
		expect(issued.chain).toEqual([issued.certificate]);
		expect(fleet.list().map(({ kind, name }) => `${kind} ${name}`)).toEqual([
			"authority Test authority",
			"device sensor-1",
		]);
	});

	it("refuse a request for another name", async () => {
		const { csr } = makeRequest("sensor-2");
		expect(await codeOf(() => fleet.issueDeviceCertificate({ deviceId: "sensor-1", csr }))).toBe(
			"certificate-request",
		);
	});

	it("refuse a request with a key of another curve", async () => {
		const { csr } = makeRequest("sensor-1", "secp384r1");
		expect(await codeOf(() => fleet.issueDeviceCertificate({ deviceId: "sensor-1", csr }))).toBe(
			"certificate-request",
		);
	});

	it("never certify another key, whichever bit of a request is changed", async () => {
		const { csr, publicKey } = makeRequest("sensor-1");
		let accepted = 0;
		for (let bit = 0; bit < csr.length * 8; bit += 3) {
			const changed = csr.slice();
			changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
			try {
				const issued = await fleet.issueDeviceCertificate({ deviceId: "sensor-1", csr: changed });
				const key = new X509Certificate(issued.certificate).publicKey;
				expect(key.export({ type: "spki", format: "der" })).toEqual(publicKey);
				accepted++; // the changed bit was in the wrapping, which nothing signs
			} catch (error) {
				expect((error as { code: string }).code).toBe("certificate-request");
			}
		}
		expect(accepted).toBeLessThan(20);
	});

	it("refuse a request that is not one", async () => {
		for (const csr of [new Uint8Array(0), new Uint8Array(5000), Uint8Array.of(0x30, 0x80)]) {
			expect(await codeOf(() => fleet.issueDeviceCertificate({ deviceId: "sensor-1", csr }))).toBe(
				"certificate-request",
			);
		}
	});

	it("never share a name with an operator", async () => {
		await fleet.issueOperator({ name: "alice" });
		const { csr } = makeRequest("alice");
		expect(await codeOf(() => fleet.issueDeviceCertificate({ deviceId: "alice", csr }))).toBe(
			"name-taken",
		);
		await fleet.issueDeviceCertificate({ deviceId: "bob", csr: makeRequest("bob").csr });
		expect(await codeOf(() => fleet.issueOperator({ name: "bob" }))).toBe("name-taken");
	});
});

describe("Fleet revocation", () => {
	it("lists what was revoked, in the list and in the X.509 list", async () => {
		const { serial } = await fleet.issueOperator({ name: "alice" });
		await fleet.issueOperator({ name: "bob" });
		const file = await fleet.revoke(serial.toUpperCase());
		await fleet.revoke(serial);
		const text = String(execFileSync("openssl", ["crl", "-in", file, "-noout", "-text"]));
		expect(text.match(/Serial Number: /g)).toHaveLength(1);
		expect(text).toContain(`Serial Number: ${serial.toUpperCase()}`);
		expect(text).toContain("X509v3 CRL Number: \n                2");
		expect(fleet.operators().map(({ name }) => name)).toEqual(["bob"]);
		const entry = fleet.list().find(({ name }) => name === "alice");
		expect(entry?.revokedAt).toBeDefined();
	});

	it("refuses a serial that it never gave", async () => {
		for (const serial of ["00", "../../ca", "", "zz", "1".repeat(80)]) {
			expect(await codeOf(() => fleet.revoke(serial))).toBe("unknown");
		}
	});
});

describe("Fleet operators", () => {
	it("sign with the key that devices are given", async () => {
		await fleet.issueOperator({ name: "alice" });
		const signer = fleet.operatorSigner("alice");
		const message = Uint8Array.of(1, 2, 3);
		const pem = readFileSync(join(fleet.folder, "operators", "alice.signing.pub"), "utf8");
		expect(verify(null, message, createPublicKey(pem), signer.sign(message))).toBe(true);
		expect(fleet.operators()[0]?.publicKey).toEqual(signer.publicKey);
		expect(signer.keyId).toHaveLength(8);
	});
});

describe("Fleet device records", () => {
	const key = new Uint8Array(32).fill(7);

	it("come back as they were written", () => {
		const record = fleet.writeDevice({ ...factsOf("sensor-1", key), details: { port: "/dev/x" } });
		expect(fleet.device("sensor-1")).toEqual(record);
		expect(fleet.devices()).toEqual([record]);
		expect(fleet.device("sensor-2")).toBeUndefined();
	});

	it("are refused when anything in them was changed", () => {
		fleet.writeDevice(factsOf("sensor-1", key));
		const path = join(fleet.folder, "devices", "sensor-1.json");
		const text = readFileSync(path, "utf8");
		writeFileSync(path, text.replace("a4cf12000001", "a4cf12000002"));
		expect(() => fleet.devices()).toThrow("not signed by this fleet's station");
		writeFileSync(path, text.replace(/"signature": "../, '"signature": "zz'));
		expect(() => fleet.devices()).toThrow("signature is not 128 hexadecimal digits");
		writeFileSync(path, "{");
		expect(() => fleet.devices()).toThrow("not JSON");
	});

	it("are refused under another device's name", () => {
		fleet.writeDevice(factsOf("sensor-1", key));
		const folder = join(fleet.folder, "devices");
		writeFileSync(join(folder, "sensor-2.json"), readFileSync(join(folder, "sensor-1.json")));
		expect(() => fleet.devices()).toThrow("the record of another device");
	});

	it("are there with every key that a device had before, a returned one as current alone", () => {
		const first = fleet.writeDevice(factsOf("sensor-1", key));
		expect(fleet.formerDevices()).toEqual([]);
		const second = fleet.writeDevice(factsOf("sensor-1", new Uint8Array(32).fill(8)));
		expect(fleet.formerDevices()).toEqual([first]);
		fleet.writeDevice(factsOf("sensor-1", key));
		expect(fleet.formerDevices()).toEqual([second]);
	});

	it("are refused under the name of another key", () => {
		fleet.writeDevice(factsOf("sensor-1", key));
		const folder = join(fleet.folder, "devices");
		const text = readFileSync(join(folder, "sensor-1.json"));
		writeFileSync(join(folder, `sensor-1~${"0".repeat(16)}.json`), text);
		expect(() => fleet.formerDevices()).toThrow("the record of another device");
	});

	it("keep an earlier key aside when a device has a new one", () => {
		const first = fleet.writeDevice(factsOf("sensor-1", key));
		const second = fleet.writeDevice(factsOf("sensor-1", new Uint8Array(32).fill(8)));
		expect(fleet.devices()).toEqual([second]);
		expect(readdirSync(join(fleet.folder, "devices")).sort()).toEqual([
			"sensor-1.json",
			`sensor-1~${first.keyId}.json`,
		]);
	});
});
