// The key store in C, alone and judged by others: RFC 8032, node:crypto, openssl, and a search of
// memory.
import { spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { describeWhere } from "../../support/c-program.js";
import { KeyStoreBench, missing } from "./bench.js";

// RFC 8032 §7.1, TEST 1, 2, 3 and SHA(abc): seed, public key, message, signature.
const VECTORS = [
	[
		"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		"",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
			"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
	],
	[
		"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		"72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
			"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
	],
	[
		"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
		"af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
			"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
	],
	[
		"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
		"ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
		"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
			"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		"dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589" +
			"09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
	],
] as const;

const MESSAGE = Buffer.from("message");
const LONGEST = "0123456789-abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ";

describeWhere(missing, "key store in C", () => {
	let bench: KeyStoreBench;
	beforeAll(() => {
		bench = new KeyStoreBench();
	});
	afterAll(() => bench?.close());

	it("signs as RFC 8032 says", () => {
		const lines = VECTORS.map(([seed, publicKey, message]) => seed + publicKey + message);
		const signatures = bench
			.run("vectors", `${lines.join("\n")}\n`)
			.trim()
			.split("\n");
		expect(signatures).toEqual(VECTORS.map(([, , , signature]) => signature));
	});

	it("makes keys, signatures and requests that others accept", () => {
		const products = bench.run("products").trim().split("\n");
		const [key, signature, point, es256, short, long] = products.map((line) => {
			return Buffer.from(line, "hex");
		}) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
		const ed25519 = createPublicKey({
			key: { kty: "OKP", crv: "Ed25519", x: key.toString("base64url") },
			format: "jwk",
		});
		expect(verify(null, MESSAGE, ed25519, signature)).toBe(true);
		const x = point.subarray(1, 33).toString("base64url");
		const y = point.subarray(33).toString("base64url");
		const p256 = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
		expect(verify("sha256", MESSAGE, { key: p256, dsaEncoding: "ieee-p1363" }, es256)).toBe(true);
		for (const [request, name] of [
			[short, "d"],
			[long, LONGEST],
		] as const) {
			const words = ["req", "-inform", "DER", "-noout", "-verify", "-subject", "-pubkey"];
			const { stdout, stderr } = spawnSync("openssl", words, { input: request, encoding: "utf8" });
			expect(stderr).toContain("verify OK");
			expect(stdout).toContain(`subject=CN = ${name}\n`);
			expect(stdout).toContain(p256.export({ format: "pem", type: "spki" }) as string);
		}
	});

	it("refuses names, keys too many, and requests for what is no device id", () => {
		expect(bench.run("refusals")).toBe("");
	});

	it("takes a damaged entry for no key", () => {
		expect(bench.run("damaged")).toBe("");
	});

	it("hands a P-256 key to TLS, and no other", () => {
		expect(bench.run("for-tls")).toBe("");
	});

	it("has the old key or the new one after a cut of power at every write", () => {
		expect(bench.run("cuts")).toBe("");
	});

	it("tells a full store from a worn one, and works when there is room again", () => {
		expect(bench.run("full")).toBe("");
	});

	it("fails and lives on when memory is refused at any point", () => {
		expect(bench.run("starving")).toBe("");
	});

	it("leaves no trace of a private key on the stack or in freed memory", () => {
		expect(bench.searchForKeys()).toBe("");
	});
});

describe("the vectors", () => {
	it("are those of node:crypto too", () => {
		for (const [seed, , message, signature] of VECTORS) {
			const der = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
			const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
			expect(sign(null, Buffer.from(message, "hex"), key).toString("hex")).toBe(signature);
		}
	});
});
