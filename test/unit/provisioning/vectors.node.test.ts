import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { toHex } from "../../../src/bytes/hex.js";
import { open } from "../../../src/envelope/open.js";
import { FrameReader, encodeFrame } from "../../../src/provisioning/frame.js";
import { decodeMessage, encodeMessage, type Message } from "../../../src/provisioning/messages.js";
import {
	judgeUnlock,
	openProof,
	signProof,
	signUnlock,
	type StatementVerify,
} from "../../../src/provisioning/statement.js";
import { NodeCrypto } from "../../../hosts/node/crypto.js";
import { keyIdOf, publicKeyObject } from "../../../tools/pki/device-record.js";

const vectors = JSON.parse(
	readFileSync(new URL("../../vectors/provisioning.json", import.meta.url), "utf8"),
);

function bytes(hex: string): Uint8Array {
	return new Uint8Array(Buffer.from(hex, "hex"));
}

/** JSON has no bytes: these fields of a message are hexadecimal in the file. */
function messageOf(message: Message & { fields: Record<string, unknown> }): Message {
	const fields = Object.entries(message.fields).map(([name, value]) => {
		const isBytes = ["nonce", "bytes"].includes(name);
		return [name, isBytes ? bytes(value as string) : value];
	});
	return { ...message, fields: Object.fromEntries(fields) };
}

const publicKey = bytes(vectors.publicKey);
const privateKey = createPrivateKey({
	key: Buffer.from(`302e020100300506032b657004220420${vectors.seed}`, "hex"),
	format: "der",
	type: "pkcs8",
});
const signer = {
	keyId: keyIdOf(publicKey),
	sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)),
};
const verifies: StatementVerify = (keyId, message, signature) =>
	toHex(keyId) === toHex(signer.keyId) &&
	verify(null, message, publicKeyObject(publicKey), signature);

describe("provisioning vectors", () => {
	it("have a key that is the RFC's", () => {
		const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
		expect(spki.subarray(-32).toString("hex")).toBe(vectors.publicKey);
	});

	for (const vector of vectors.frames) {
		it(`are written and read: ${vector.name}`, () => {
			const message = messageOf(vector.message);
			expect(toHex(encodeMessage(message))).toBe(vector.cbor);
			expect(toHex(encodeFrame(bytes(vector.cbor)))).toBe(vector.frame);
			const read: Uint8Array[] = [];
			new FrameReader((found) => read.push(found)).feed(bytes(vector.frame));
			expect(read.map((found) => decodeMessage(found))).toEqual([{ kind: "valid", message }]);
		});
	}

	it("are written and read: proof", () => {
		const { message, deviceId, hardwareId, ...hex } = vectors.proof;
		const { challenge, deviceNonce, digest } = hex;
		const proof = {
			...{ deviceId, hardwareId },
			...{ challenge: bytes(challenge), deviceNonce: bytes(deviceNonce), digest: bytes(digest) },
		};
		expect(toHex(signProof(proof, signer))).toBe(message);
		expect(openProof(bytes(message), verifies)).toEqual(proof);
	});

	it("are written and read: unlock", () => {
		const { message, deviceId, deviceNonce } = vectors.unlock;
		const unlock = { deviceId, deviceNonce: bytes(deviceNonce) };
		expect(toHex(signUnlock(unlock, signer))).toBe(message);
		expect(judgeUnlock(bytes(message), unlock, verifies)).toBe("accepted");
	});

	// One key signs envelopes and proofs: neither is ever taken for the other.
	it("are no envelopes, whatever the topic", () => {
		for (const { message } of [vectors.proof, vectors.unlock]) {
			const opened = open(
				bytes(message),
				"holdfast/sensor-1/event",
				() => publicKey,
				new NodeCrypto(),
			);
			expect(opened.kind === "rejected" && opened.reason).toBe("header");
		}
	});

	it("are the worked example of PROTOCOL.md", () => {
		const page = readFileSync(
			new URL("../../../src/provisioning/PROTOCOL.md", import.meta.url),
			"utf8",
		);
		for (const { frame } of vectors.frames.slice(0, 2)) {
			expect(page.replace(/\s/g, "")).toContain(frame);
		}
	});
});
