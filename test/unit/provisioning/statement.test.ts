import { encodeUTF8 } from "../../../src/bytes/text.js";
import { decodeSign1, encodeSign1, signatureStructure } from "../../../src/cbor/cose-sign1.js";
import { decode } from "../../../src/cbor/decode.js";
import { encode } from "../../../src/cbor/encode.js";
import type { CBORMap, CBORValue } from "../../../src/cbor/value.js";
import { fromHex, toHex } from "../../../src/bytes/hex.js";
import {
	judgeUnlock,
	openProof,
	signProof,
	signUnlock,
	type Proof,
	type StatementSigner,
	type StatementVerify,
} from "../../../src/provisioning/statement.js";

const KEY_ID = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** Stands in for Ed25519: any change of the message changes the signature. Not cryptography. */
function toySignature(message: Uint8Array): Uint8Array {
	const signature = new Uint8Array(64);
	message.forEach((byte, index) => {
		signature[index & 63] = ((signature[index & 63] as number) * 31 + byte + index) & 0xff;
	});
	return signature;
}

const SIGNER: StatementSigner = { keyId: KEY_ID, sign: toySignature };
const VERIFY: StatementVerify = (keyId, message, signature) =>
	toHex(keyId) === toHex(KEY_ID) && toHex(signature) === toHex(toySignature(message));

const PROOF: Proof = {
	challenge: new Uint8Array(16).fill(1),
	deviceNonce: new Uint8Array(16).fill(2),
	deviceId: "sensor-1",
	hardwareId: "a0b1c2d3e4f5",
	digest: new Uint8Array(32).fill(3),
};
const UNLOCK = { deviceNonce: new Uint8Array(16).fill(2), deviceId: "sensor-1" };

/** Every message with one bit of `bytes` changed. */
function mutations(bytes: Uint8Array): Uint8Array[] {
	return Array.from({ length: bytes.length * 8 }, (_, bit) => {
		const changed = bytes.slice();
		changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
		return changed;
	});
}

describe("a provisioning proof", () => {
	it("is opened as it was signed", () => {
		expect(openProof(signProof(PROOF, SIGNER), VERIFY)).toEqual(PROOF);
	});

	it("is refused with any bit changed", () => {
		for (const changed of mutations(signProof(PROOF, SIGNER))) {
			expect(openProof(changed, VERIFY)).toBeUndefined();
		}
	});

	it("is refused under another key's id", () => {
		const other = { keyId: KEY_ID.slice().reverse(), sign: toySignature };
		expect(openProof(signProof(PROOF, other), VERIFY)).toBeUndefined();
	});
});

describe("a statement", () => {
	it("is refused with any other header, whoever signed it", () => {
		const sealed = decodeSign1(signProof(PROOF, SIGNER));
		if (sealed.kind === "rejected") throw new Error(sealed.reason);
		const { payload, protectedHeader } = sealed.sign1;
		const header = decode(protectedHeader);
		if (header.kind === "rejected") throw new Error(header.reason);
		const label = encodeUTF8("\u0000holdfast/provisioning/proof/1");
		const changes: [number, CBORValue][] = [
			[1, -7],
			[3, "application/vnd.holdfast.event+cbor"],
			[15, new Map([[7, new Uint8Array(8)]])],
		];
		for (const [key, value] of changes) {
			const changed = encode(new Map(header.value as CBORMap).set(key, value));
			const signature = toySignature(signatureStructure(changed, label, payload));
			const message = encodeSign1({ protectedHeader: changed, payload, signature });
			expect(openProof(message, VERIFY)).toBeUndefined();
		}
		const signature = toySignature(signatureStructure(protectedHeader, label, payload));
		const same = encodeSign1({ protectedHeader, payload, signature });
		expect(openProof(same, VERIFY)).toEqual(PROOF);
	});
});

describe("an operator's unlock", () => {
	it("is accepted for its device and nonce alone", () => {
		const message = signUnlock(UNLOCK, SIGNER);
		expect(judgeUnlock(message, UNLOCK, VERIFY)).toBe("accepted");
		expect(judgeUnlock(message, { ...UNLOCK, deviceId: "other" }, VERIFY)).toBe("wrong-device");
		const later = { ...UNLOCK, deviceNonce: new Uint8Array(16).fill(9) };
		expect(judgeUnlock(message, later, VERIFY)).toBe("not-fresh");
	});

	it("is refused with any bit changed", () => {
		for (const changed of mutations(signUnlock(UNLOCK, SIGNER))) {
			expect(["malformed", "signature"]).toContain(judgeUnlock(changed, UNLOCK, VERIFY));
		}
	});

	// No key ever signs bytes that a peer chose: each statement has a preamble of its own.
	it("is no proof, and a proof is no unlock", () => {
		expect(judgeUnlock(signProof(PROOF, SIGNER), UNLOCK, VERIFY)).toBe("signature");
		expect(openProof(signUnlock(UNLOCK, SIGNER), VERIFY)).toBeUndefined();
	});

	it("is refused when it is nothing at all", () => {
		expect(judgeUnlock(fromHex("") as Uint8Array, UNLOCK, VERIFY)).toBe("malformed");
	});
});
