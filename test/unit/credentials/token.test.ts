import { decodeUTF8 } from "../../../src/bytes/text.js";
import { mintToken, type TokenRequest } from "../../../src/credentials/token.js";
import { TOKEN_LIFETIME_S_MAX, TOKEN_LIFETIME_S_MIN } from "../../../src/limits.js";

const NOW = 1_790_000_000;
const REQUEST: TokenRequest = {
	deviceId: "sensor-1",
	audience: "broker.example",
	lifetimeS: 3600,
	time: { unixSeconds: NOW, quality: 3 },
	keyId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
};

function mint(more: Partial<TokenRequest> = {}) {
	const signed: Uint8Array[] = [];
	const minted = mintToken({ ...REQUEST, ...more }, (message) => {
		signed.push(message.slice());
		return new Uint8Array(64).fill(0xa5);
	});
	return { minted, signed };
}

describe("mintToken", () => {
	it("has no token without trusted time", () => {
		for (const quality of [1, 2] as const) {
			const { minted, signed } = mint({ time: { unixSeconds: NOW, quality } });
			expect(minted).toEqual({ kind: "time-untrusted" });
			expect(signed).toEqual([]);
		}
		expect(mint({ time: undefined }).minted).toEqual({ kind: "time-untrusted" });
	});

	it("takes SNTP and signed time alike", () => {
		for (const quality of [3, 4] as const) {
			expect(mint({ time: { unixSeconds: NOW, quality } }).minted.kind).toBe("minted");
		}
	});

	it("tells its end, and the moment to renew with a fifth of its life left", () => {
		const { minted } = mint();
		if (minted.kind !== "minted") throw new Error("not minted");
		expect(minted.expiresAt).toBe(NOW + 3600);
		expect(minted.renewAfterMs).toBe(2_880_000);
	});

	it("is a secret: it does not print itself", () => {
		const { minted } = mint();
		expect(JSON.stringify(minted)).toContain("[secret]");
		expect(`${minted.kind === "minted" && minted.token}`).toBe("[secret]");
	});

	// RFC 7515 §3.1: header, payload and signature, base64url, with dots between.
	it("signs exactly the text before the last dot", () => {
		const { minted, signed } = mint();
		if (minted.kind !== "minted") throw new Error("not minted");
		const text = decodeUTF8(minted.token.reveal()) as string;
		const end = text.lastIndexOf(".");
		expect(signed).toHaveLength(1);
		expect(decodeUTF8(signed[0] as Uint8Array)).toBe(text.slice(0, end));
		expect(text.slice(end + 1)).toBe("paWl".repeat(21) + "pQ");
	});

	// Every Sig_structure (RFC 9052 §4.4) begins with 0x84, an array of four.
	it("signs nothing that could be an envelope's Sig_structure", () => {
		for (const audience of ["", "\u0084", "Signature1", "\ud800"]) {
			const { signed } = mint({ audience });
			expect(decodeUTF8((signed[0] as Uint8Array).slice(0, 3))).toBe("eyJ");
		}
	});

	it("refuses lifetimes and audiences beyond their limits", () => {
		for (const lifetimeS of [TOKEN_LIFETIME_S_MIN - 1, TOKEN_LIFETIME_S_MAX + 1, 3600.5, NaN]) {
			expect(() => mint({ lifetimeS })).toThrow("lifetime");
		}
		expect(() => mint({ audience: "a".repeat(300) })).toThrow("audience");
	});
});
