// The software key store: keys that last, sign and stay inside; requests that OpenSSL accepts.
import { execFileSync } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { NodeEntropy } from "../../../hosts/node/entropy.js";
import { NodeCrypto } from "../../../hosts/node/crypto.js";
import { KeyValueFiles } from "../../../hosts/node/key-value.js";
import { nodeP256, privateKeyPEM } from "../../../hosts/node/p256.js";
import { SoftwareKeyStore } from "../../../hosts/support/software-key-store.js";
import { fromHex } from "../../../src/bytes/hex.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";

let folder: TemporaryFolder;

beforeEach(() => {
	folder = new TemporaryFolder();
});

afterEach(() => folder.remove());

function openKeys(entropy = new NodeEntropy()): SoftwareKeyStore {
	const storage = new KeyValueFiles({ folder: folder.path });
	const store = storage.open({ path: "hf-keys", format: "buffer" });
	return new SoftwareKeyStore({ store, entropy, p256: nodeP256 });
}

describe("SoftwareKeyStore", () => {
	// RFC 8032 §7.1, TEST 2
	it("signs with Ed25519 as RFC 8032 says, from the seed that the entropy port gave", () => {
		const seed = fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
		const keys = openKeys({ fill: (bytes) => bytes.set(seed as Uint8Array) });
		keys.generate("signing", "Ed25519");
		expect(Buffer.from(keys.publicKey("signing") as ArrayBuffer).toString("hex")).toBe(
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		);
		expect(Buffer.from(keys.sign("signing", Uint8Array.of(0x72))).toString("hex")).toBe(
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
				"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		);
	});

	it("makes signatures that node:crypto accepts, and that fail for any other message", () => {
		const keys = openKeys();
		const crypto = new NodeCrypto();
		keys.generate("signing", "Ed25519");
		const message = Buffer.from("message");
		const signature = keys.sign("signing", message);
		const publicKey = keys.publicKey("signing") as ArrayBuffer;
		expect(crypto.ed25519Verify(publicKey, message, signature)).toBe(true);
		expect(crypto.ed25519Verify(publicKey, Buffer.from("massage"), signature)).toBe(false);
		expect(crypto.ed25519Verify(publicKey, message, signature.slice(1))).toBe(false);
		expect(crypto.ed25519Verify(publicKey.slice(1), message, signature)).toBe(false);
		keys.generate("tls-0", "P-256");
		const point = Buffer.from(keys.publicKey("tls-0") as ArrayBuffer);
		expect([point.length, point[0]]).toEqual([65, 4]);
		const x = point.subarray(1, 33).toString("base64url");
		const y = point.subarray(33).toString("base64url");
		const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
		const es256 = Buffer.from(keys.sign("tls-0", message));
		expect(es256).toHaveLength(64);
		expect(verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, es256)).toBe(true);
	});

	it("writes certificate requests that openssl verifies and signs", () => {
		const keys = openKeys();
		keys.generate("tls-0", "P-256");
		for (const name of ["d", "device-1_A", "x".repeat(64)]) {
			const file = folder.file("request.der");
			writeFileSync(file, Buffer.from(keys.certificateRequest("tls-0", name)));
			const der = ["req", "-inform", "DER", "-in", file, "-noout"];
			expect(openssl([...der, "-verify", "-subject"])).toContain(`CN = ${name}`);
			writeFileSync(folder.file("key.pem"), privateKeyPEM(nodeP256.generate()));
			openssl(["req", "-inform", "DER", "-in", file, "-out", folder.file("request.pem")]);
			const request = ["-req", "-in", folder.file("request.pem"), "-out", folder.file("crt.pem")];
			openssl(["x509", ...request, "-signkey", folder.file("key.pem"), "-days", "1"], true);
		}
		expect(() => keys.certificateRequest("tls-0", "")).toThrow("commonName");
		expect(() => keys.certificateRequest("tls-0", "a b")).toThrow("commonName");
		expect(() => keys.certificateRequest("tls-0", "x".repeat(65))).toThrow("commonName");
		keys.generate("signing", "Ed25519");
		expect(() => keys.certificateRequest("signing", "device-1")).toThrow("P-256");
	});

	it("keeps its keys for the next life, replaces and erases them", () => {
		const keys = openKeys();
		keys.generate("signing", "Ed25519");
		keys.generate("tls-0", "P-256");
		const [signing, tls] = [publicHex(keys, "signing"), publicHex(keys, "tls-0")];
		const later = openKeys();
		expect(publicHex(later, "signing")).toBe(signing);
		expect(publicHex(later, "tls-0")).toBe(tls);
		later.generate("tls-0", "P-256");
		expect(publicHex(later, "tls-0")).not.toBe(tls);
		later.erase("tls-0");
		later.erase("tls-0");
		expect(later.publicKey("tls-0")).toBeUndefined();
		expect(() => later.sign("tls-0", Uint8Array.of(1))).toThrow("no such key");
		expect(later.privateKeyForTLS("tls-0")).toBeUndefined();
	});

	it("holds sixteen keys, and checks names and algorithms", () => {
		const keys = openKeys();
		for (let index = 0; index < 16; index++) keys.generate(`key-${index}`, "Ed25519");
		expect(() => keys.generate("key-16", "Ed25519")).toThrow("too many");
		keys.generate("key-3", "P-256");
		for (const name of ["", "0123456789abcdef", "é", undefined]) {
			expect(() => keys.generate(name as string, "Ed25519")).toThrow("name");
			expect(() => keys.publicKey(name as string)).toThrow("name");
		}
		expect(() => keys.generate("key-3", "RSA" as never)).toThrow("algorithm");
		expect(() => keys.sign("key-3", "text" as never)).toThrow("message");
	});

	it("takes a damaged entry for no key", () => {
		const keys = openKeys();
		keys.generate("signing", "Ed25519");
		const file = folder.file("hf-keys/signing.value");
		writeFileSync(file, readFileSync(file).subarray(0, 20));
		expect(openKeys().publicKey("signing")).toBeUndefined();
	});

	it("hands private keys to the host's TLS alone, and only those of P-256", () => {
		const keys = openKeys();
		keys.generate("signing", "Ed25519");
		keys.generate("tls-0", "P-256");
		expect(keys.privateKeyForTLS("signing")).toBeUndefined();
		const privateKey = keys.privateKeyForTLS("tls-0") as Uint8Array;
		const point = Buffer.from(keys.publicKey("tls-0") as ArrayBuffer);
		expect(Buffer.from(nodeP256.publicKey(privateKey))).toEqual(point);
		expect(JSON.stringify(keys)).toBe("{}");
	});
});

function publicHex(keys: SoftwareKeyStore, name: string): string {
	return Buffer.from(keys.publicKey(name) as ArrayBuffer).toString("hex");
}

function openssl(given: readonly string[], isQuiet = false): string {
	const stderr = isQuiet ? "ignore" : "inherit";
	return execFileSync("openssl", given, { encoding: "utf8", stdio: ["ignore", "pipe", stderr] });
}
