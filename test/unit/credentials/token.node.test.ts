// Tokens as a broker sees them: verified by the npm package `jose`, with a key of node:crypto.

import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { mintToken, type TokenRequest } from "../../../src/credentials/token.js";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519").publicKey;
const NOW = 1_790_000_000;
const KEY_ID = new Uint8Array(
	createHash("sha256")
		.update(Buffer.from(publicKey.export({ format: "jwk" }).x as string, "base64url"))
		.digest(),
).subarray(0, 8);

function mint(more: Partial<TokenRequest> = {}): string {
	const request: TokenRequest = {
		deviceId: "sensor-1",
		audience: "broker.example",
		lifetimeS: 600,
		time: { unixSeconds: NOW, quality: 4 },
		keyId: KEY_ID,
		...more,
	};
	const minted = mintToken(request, (message) => new Uint8Array(sign(null, message, privateKey)));
	if (minted.kind !== "minted") throw new Error(minted.kind);
	return Buffer.from(minted.token.reveal()).toString("ascii");
}

function verify(token: string, atS: number, key = publicKey) {
	return jwtVerify(token, key, {
		algorithms: ["EdDSA"],
		audience: "broker.example",
		issuer: "sensor-1",
		subject: "sensor-1",
		currentDate: new Date(atS * 1000),
		requiredClaims: ["iat", "exp"],
	});
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Differs in the highest of six bits: the lowest of a last character may mean nothing. */
function another(token: string, index: number): string {
	const value = BASE64URL.indexOf(token[index] as string);
	return value < 0 ? "A" : (BASE64URL[(value + 32) % 64] as string);
}

describe("a minted token, seen by jose", () => {
	it("verifies, with the device as issuer and the key id of its envelopes", async () => {
		const token = mint();
		const { payload } = await verify(token, NOW + 1);
		expect(payload).toEqual({
			iss: "sensor-1",
			sub: "sensor-1",
			aud: "broker.example",
			iat: NOW,
			exp: NOW + 600,
		});
		expect(decodeProtectedHeader(token)).toEqual({
			alg: "EdDSA",
			typ: "JWT",
			kid: Buffer.from(KEY_ID).toString("base64url"),
		});
	});

	it("lives until its end and no longer", async () => {
		const token = mint();
		expect((await verify(token, NOW + 599)).payload.exp).toBe(NOW + 600);
		await expect(verify(token, NOW + 600)).rejects.toThrow("exp");
	});

	it("is refused for another audience, another key, and after any change", async () => {
		await expect(verify(mint({ audience: "elsewhere" }), NOW)).rejects.toThrow("aud");
		await expect(verify(mint(), NOW, other)).rejects.toThrow("signature");
		const token = mint();
		for (let index = 0; index < token.length; index += 7) {
			const text = token.slice(0, index) + another(token, index) + token.slice(index + 1);
			await expect(verify(text, NOW + 1)).rejects.toThrow();
		}
	});

	it("carries any audience unharmed", async () => {
		const audience = 'ein "Bröker" \\ \u{1f40b}';
		const { payload } = await jwtVerify(mint({ audience }), publicKey, {
			currentDate: new Date(NOW * 1000),
		});
		expect(payload.aud).toBe(audience);
	});
});
