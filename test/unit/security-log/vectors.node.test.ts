import { createHash } from "node:crypto";
import { fromHex, toHex } from "../../../src/bytes/hex.js";
import { decodeBatch, encodeBatch } from "../../../src/security-log/batch.js";
import {
	openCheckpoint,
	signCheckpoint,
	type Checkpoint,
} from "../../../src/security-log/checkpoint.js";
import { decodeEntry, encodeEntry } from "../../../src/security-log/entry.js";
import { open } from "../../../src/envelope/open.js";
import { openProof } from "../../../src/provisioning/statement.js";
import { nodeCrypto } from "../../support/seeded-key-store.js";
import vector from "../../vectors/security-log.json" with { type: "json" };

const publicKey = bytesOf(vector.publicKey);
const verify = (_keyId: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
	signature.length === 64 && nodeCrypto.ed25519Verify(publicKey, message, signature);
const CHECKPOINT: Checkpoint = {
	counter: 2,
	hash: bytesOf(vector.hashes[1] as string),
	oldest: 1,
	time: { unixSeconds: 1767225660, quality: 3 },
};

function bytesOf(hex: string): Uint8Array {
	return fromHex(hex) as Uint8Array;
}

describe("the security log's vectors", () => {
	it("are what the code reads and writes", () => {
		for (const [index, hex] of vector.entries.entries()) {
			const read = decodeEntry(bytesOf(hex));
			if (read.kind === "invalid") throw new Error(read.path);
			expect(toHex(encodeEntry(read.value))).toBe(hex);
			expect(createHash("sha256").update(bytesOf(hex)).digest("hex")).toBe(vector.hashes[index]);
			expect(toHex(read.value.previous)).toBe(vector.hashes[index - 1] ?? "00".repeat(32));
		}
		expect(decodeEntry(bytesOf(vector.entries[1] as string))).toMatchObject({
			value: {
				counter: 2,
				name: "command-refused",
				details: { reason: "replayed", operator: "21fe31dfa154a261", sequence: 9 },
				uptimeS: 65,
				time: { unixSeconds: 1767225600, quality: 3 },
			},
		});
		const batch = decodeBatch(bytesOf(vector.batch));
		if (batch.kind === "invalid") throw new Error(batch.path);
		expect(batch.value.entries.map(toHex)).toEqual(vector.entries);
		expect(toHex(encodeBatch(batch.value))).toBe(vector.batch);
	});

	it("sign a checkpoint under a label that no topic can be", () => {
		expect(openCheckpoint(bytesOf(vector.checkpoint), verify)).toEqual(CHECKPOINT);
		let signed = "";
		const signer = {
			keyId: bytesOf(createHash("sha256").update(publicKey).digest("hex").slice(0, 16)),
			sign: (message: Uint8Array) => {
				signed = toHex(message);
				return new Uint8Array(64);
			},
		};
		signCheckpoint(CHECKPOINT, signer);
		expect(signed).toBe(vector.toBeSigned);
	});

	// No key ever signs bytes that a peer chose: each purpose has its preamble.
	it("are neither envelopes nor proofs, on no topic", () => {
		const message = bytesOf(vector.checkpoint);
		for (const topic of ["holdfast/sensor-1/log", "\u0000holdfast/log/checkpoint/1"]) {
			const opened = open(message, topic, () => publicKey, nodeCrypto);
			expect(opened).toMatchObject({ kind: "rejected", reason: "header" });
		}
		expect(openProof(message, verify)).toBeUndefined();
	});

	it("refuse entries that are not the one encoding, or too long", () => {
		const [entry] = vector.entries as [string];
		expect(decodeEntry(bytesOf(`${entry}00`)).kind).toBe("invalid");
		expect(decodeEntry(bytesOf(entry.replace("a4", "bf").concat("ff"))).kind).toBe("invalid");
		expect(decodeEntry(new Uint8Array(300)).kind).toBe("invalid");
		expect(decodeBatch(bytesOf("a167656e747269657380")).kind).toBe("valid");
		expect(decodeBatch(bytesOf("a167656e747269657381a0")).kind).toBe("invalid");
	});
});

describe("every single changed bit", () => {
	it("of an entry changes its hash, or makes it none", () => {
		for (const [index, hex] of vector.entries.entries()) {
			for (const changed of mutations(bytesOf(hex))) {
				const hash = createHash("sha256").update(changed).digest("hex");
				expect(hash === vector.hashes[index]).toBe(false);
			}
		}
	});

	it("of a checkpoint makes it none", () => {
		for (const changed of mutations(bytesOf(vector.checkpoint))) {
			expect(openCheckpoint(changed, verify)).toBeUndefined();
		}
	});
});

function mutations(bytes: Uint8Array): Uint8Array[] {
	return Array.from({ length: bytes.length * 8 }, (_, bit) => {
		const changed = bytes.slice();
		changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
		return changed;
	});
}
