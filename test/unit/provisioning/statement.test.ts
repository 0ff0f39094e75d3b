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
