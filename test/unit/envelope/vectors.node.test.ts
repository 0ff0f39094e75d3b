// The vectors of FORMAT.md, and other people's verifiers on the same messages: node:crypto and
// @auth0/cose.

import { execFileSync } from "node:child_process";
import {
	createHash,
	createPrivateKey,
	createPublicKey,
	sign as signWith,
	verify as verifyWith,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Sign1 } from "@auth0/cose";
import { importJWK } from "jose";
import nacl from "tweetnacl";
import { equalBytes, uint64From } from "../../../src/bytes/arrays.js";
import { fromHex, toHex } from "../../../src/bytes/hex.js";
import { decodeSign1, signatureStructure } from "../../../src/cbor/cose-sign1.js";
import { decode } from "../../../src/cbor/decode.js";
import { encode } from "../../../src/cbor/encode.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { ed25519Problem } from "../../../src/envelope/ed25519-strict.js";
import { keyIdOf } from "../../../src/envelope/key-id.js";
import { open } from "../../../src/envelope/open.js";
import { seal, type SealRequest, type Signer } from "../../../src/envelope/seal.js";

interface Vector extends Omit<SealRequest, "payload"> {
	readonly name: string;
	readonly publicKey: string;
	readonly keyId: string;
	readonly payload: string;
	readonly toBeSigned: string;
	readonly envelope: string;
	readonly reason?: string;
}

const FOLDER = fileURLToPath(new URL("../../vectors/", import.meta.url));
const VECTOR_TEXT = readFileSync(`${FOLDER}envelope.json`, "utf8");
const VECTORS = JSON.parse(VECTOR_TEXT) as { sealed: Vector[]; refused: Vector[] };

// RFC 8032 §7.1, tests 1 and 2
const SEEDS = [
	"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
];

const crypto = {
	sha256: (data: ArrayBuffer | Uint8Array): ArrayBuffer =>
		new Uint8Array(createHash("sha256").update(new Uint8Array(data)).digest()).buffer,
	ed25519Verify: (
		publicKey: ArrayBuffer | Uint8Array,
		message: ArrayBuffer | Uint8Array,
		signature: ArrayBuffer | Uint8Array,
	): boolean =>
		verifyWith(
			null,
			new Uint8Array(message),
			publicKeyObject(new Uint8Array(publicKey)),
			new Uint8Array(signature),
		),
};

function bytesOf(text: string): Uint8Array {
	const bytes = fromHex(text);
	if (bytes === undefined) throw new Error("not hexadecimal");
	return bytes;
}

function publicKeyObject(raw: Uint8Array) {
	const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
	return createPublicKey({ key: der, format: "der", type: "spki" });
}

/** A signer on node:crypto for the vector's key. */
function signerOf(vector: Vector): Signer {
	for (const seed of SEEDS) {
		const der = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
		const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
		const x = createPublicKey(privateKey).export({ format: "jwk" }).x as string;
		const publicKey = Buffer.from(x, "base64url");
		if (toHex(publicKey) !== vector.publicKey) continue;
		return {
			keyId: keyIdOf(publicKey, crypto),
			sign: (message) => new Uint8Array(signWith(null, message, privateKey)),
		};
	}
	throw new Error("no seed for this key");
}

function requestOf(vector: Vector): SealRequest {
	const { topic, contentType, sequence, previous, time, audience, expiresAt, notBefore } = vector;
	const given = { previous, time, audience, expiresAt, notBefore };
	const there = Object.entries(given).filter(([, value]) => value !== undefined);
	const payload = bytesOf(vector.payload);
	return { topic, contentType, sequence, payload, ...Object.fromEntries(there) };
}

function openVector(vector: Vector) {
	const keyOf = (keyId: Uint8Array) =>
		equalBytes(keyId, bytesOf(vector.keyId)) ? bytesOf(vector.publicKey) : undefined;
	return open(bytesOf(vector.envelope), vector.topic, keyOf, crypto);
}

describe("the envelope vectors", () => {
	it("are what their generator makes", () => {
		const made = execFileSync(process.execPath, [`${FOLDER}make-envelope-vectors.mjs`]);
		expect(made.toString("utf8")).toBe(VECTOR_TEXT);
	});

	it("name keys by the first 8 bytes of SHA-256", () => {
		for (const vector of [...VECTORS.sealed, ...VECTORS.refused]) {
			expect(toHex(keyIdOf(bytesOf(vector.publicKey), crypto))).toBe(vector.keyId);
		}
	});
});

describe("seal", () => {
	it("makes every vector byte for byte", () => {
		for (const vector of VECTORS.sealed) {
			expect(toHex(seal(requestOf(vector), signerOf(vector)))).toBe(vector.envelope);
		}
	});
});

describe("open", () => {
	it("opens every vector to the fields that were sealed", () => {
		for (const vector of VECTORS.sealed) {
			const envelope: Record<string, unknown> = { ...requestOf(vector) };
			delete envelope["topic"];
			expect(openVector(vector)).toEqual({
				kind: "opened",
				envelope: { ...envelope, keyId: bytesOf(vector.keyId) },
			});
		}
	});

	it("refuses each of the others for its own reason", () => {
		for (const vector of VECTORS.refused) {
			const opened = openVector(vector);
			expect(`${vector.name}: ${opened.kind === "rejected" && opened.reason}`).toBe(
				`${vector.name}: ${vector.reason}`,
			);
		}
	});
});

describe("other verifiers", () => {
	it("node:crypto accepts the Sig_structure put together by hand", () => {
		for (const vector of VECTORS.sealed) {
			const message = decodeSign1(bytesOf(vector.envelope));
			if (message.kind === "rejected") throw new Error(message.reason);
			const { signature } = message.sign1;
			const publicKey = bytesOf(vector.publicKey);
			expect(crypto.ed25519Verify(publicKey, bytesOf(vector.toBeSigned), signature)).toBe(true);
		}
	});

	it("@auth0/cose verifies what we seal, tagged, with the topic as external AAD", async () => {
		for (const vector of VECTORS.sealed) {
			const key = await coseKey(vector);
			const sealed = seal(requestOf(vector), signerOf(vector));
			const message = Sign1.decode(sealed);
			await message.verify(key, { externalAAD: Buffer.from(vector.topic, "utf8") });
			const other = Buffer.from(`${vector.topic}/other`, "utf8");
			await expect(message.verify(key, { externalAAD: other })).rejects.toThrow();
			expect(toHex(message.payload)).toBe(vector.payload);
			expect(message.protectedHeaders.get(1)).toBe(-8);
			const claims = message.protectedHeaders.get(15) as Map<number, Uint8Array>;
			expect(uint64From(new Uint8Array(claims.get(7)!))).toBe(vector.sequence);
		}
	});

	// Why open judges keys and S itself: tweetnacl takes two of these for good signatures.
	it("tweetnacl accepts S + L and the identity as a key", () => {
		const accepted = VECTORS.refused.filter((vector) => {
			const message = decodeSign1(bytesOf(vector.envelope));
			if (message.kind === "rejected") throw new Error(message.reason);
			const signed = bytesOf(vector.toBeSigned);
			const publicKey = bytesOf(vector.publicKey);
			return nacl.sign.detached.verify(signed, message.sign1.signature, publicKey);
		});
		expect(accepted.map(({ name }) => name)).toContain("S + L");
		expect(accepted.map(({ name }) => name)).toContain("small-order key 1");
	});
});

describe("every single-bit mutation", () => {
	const vector = VECTORS.sealed[0]!;
	const sound = bytesOf(vector.envelope);
	const publicKey = bytesOf(vector.publicKey);
	const reasons = new Set<string>();

	function refuses(bytes: Uint8Array, topic: string, key: Uint8Array): boolean {
		// The key is given for any key id: a changed id alone must not be what saves us.
		const opened = open(bytes, topic, () => key, crypto);
		if (opened.kind === "rejected") reasons.add(opened.reason);
		return opened.kind === "rejected";
	}

	function flipped(bytes: Uint8Array, bit: number): Uint8Array {
		const changed = bytes.slice();
		changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
		return changed;
	}

	it("of the message is refused with a reason", () => {
		expect(refuses(sound, vector.topic, publicKey)).toBe(false);
		for (let bit = 0; bit < sound.length * 8; bit++) {
			expect(refuses(flipped(sound, bit), vector.topic, publicKey)).toBe(true);
		}
		for (const reason of ["malformed", "header", "signature", "signature-s", "algorithm"]) {
			expect([...reasons]).toContain(reason);
		}
	});

	it("of the key is refused", () => {
		for (let bit = 0; bit < 256; bit++) {
			expect(refuses(sound, vector.topic, flipped(publicKey, bit))).toBe(true);
		}
	});

	it("of the topic is refused", () => {
		const topic = encodeUTF8(vector.topic);
		for (let bit = 0; bit < topic.length * 8; bit++) {
			// Some flips leave UTF-8: their Latin-1 reading is a different topic all the same.
			const changed = Buffer.from(flipped(topic, bit)).toString("latin1");
			expect(refuses(sound, changed, publicKey)).toBe(true);
		}
	});
});

// Each signs for one purpose, and no signature made for one is good for another: DESIGN.md §5.
describe("preambles", () => {
	const vector = VECTORS.sealed[0]!;

	it("of an envelope is a CBOR array that begins with Signature1", () => {
		const start = signatureStructure(new Uint8Array(0), new Uint8Array(0), new Uint8Array(0));
		expect(toHex(start).startsWith("846a5369676e617475726531")).toBe(true);
		expect(vector.toBeSigned.startsWith("846a5369676e617475726531")).toBe(true);
	});

	it("of a token is text of base64url: no CBOR array", () => {
		const token = Buffer.from(JSON.stringify({ alg: "EdDSA", typ: "JWT" })).toString("base64url");
		expect(token.startsWith("eyJ")).toBe(true);
		expect(decode(encodeUTF8(`${token}.${token}`)).kind).toBe("rejected");
	});

	// The proof's protected header is the content type alone: no claims, no sequence, no envelope.
	it("of a provisioning proof cannot be opened as an envelope", () => {
		const signer = signerOf(vector);
		const protectedHeader = encode(
			new Map<number, number | string | Uint8Array>([
				[1, -8],
				[3, "application/vnd.holdfast.proof+cbor"],
				[4, signer.keyId],
			]),
		);
		const payload = encode(["challenge"]);
		const aad = encodeUTF8(vector.topic);
		const signature = signer.sign(signatureStructure(protectedHeader, aad, payload));
		const bytes = Buffer.concat([
			Buffer.from("d284", "hex"),
			encode(protectedHeader),
			Buffer.from("a0", "hex"),
			encode(payload),
			encode(signature),
		]);
		const opened = open(
			new Uint8Array(bytes),
			vector.topic,
			() => bytesOf(vector.publicKey),
			crypto,
		);
		expect(opened.kind === "rejected" && opened.reason).toBe("header");
	});
});

describe("ed25519Problem", () => {
	interface SpecCheck {
		cases: { message: string; pub_key: string; signature: string; problem: string | null }[];
	}
	const { cases } = JSON.parse(
		readFileSync(`${FOLDER}ed25519-speccheck.json`, "utf8"),
	) as SpecCheck;

	it("finds what is wrong in the cases of ed25519-speccheck", () => {
		const found = cases.map(
			({ pub_key, signature }) => ed25519Problem(bytesOf(pub_key), bytesOf(signature)) ?? null,
		);
		expect(found).toEqual(cases.map(({ problem }) => problem));
	});

	it("leaves keys of mixed order to the verifiers: no one makes them by mistake", () => {
		expect(cases.filter(({ problem }) => problem === null)).toHaveLength(3);
	});
});

async function coseKey(vector: Vector) {
	const x = Buffer.from(vector.publicKey, "hex").toString("base64url");
	const key = await importJWK({ kty: "OKP", crv: "Ed25519", x }, "EdDSA");
	return key as Parameters<Sign1["verify"]>[0];
}
