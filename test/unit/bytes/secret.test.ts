import { Secret } from "../../../src/bytes/secret.js";

const BYTES = Uint8Array.of(0x68, 0x75, 0x6e, 0x74, 0x65, 0x72, 0x32); // "hunter2"

describe("Secret", () => {
	it("gives its bytes to the one call that asks", () => {
		const secret = new Secret(BYTES);
		expect(secret.reveal()).toEqual(BYTES);
		expect(secret.byteLength).toBe(7);
	});

	it("takes a copy", () => {
		const bytes = BYTES.slice();
		const secret = new Secret(bytes);
		bytes.fill(0);
		expect(secret.reveal()).toEqual(BYTES);
	});

	it("shows nothing in any text form", () => {
		const secret = new Secret(BYTES);
		const texts = [
			String(secret),
			`${secret}`,
			"" + secret,
			JSON.stringify({ password: secret }),
			JSON.stringify([secret]),
			Object.prototype.toString.call(secret),
			Object.keys(secret).join(),
			Object.values(secret).join(),
		];
		for (const text of texts) {
			expect(text).not.toContain("hunter2");
			expect(text).not.toContain("104,117");
		}
		expect(String(secret)).toBe("[secret]");
		expect(JSON.stringify(secret)).toBe('"[secret]"');
	});

	it("is of no use after it is wiped", () => {
		const secret = new Secret(BYTES);
		secret.wipe();
		expect(secret.reveal()).toEqual(new Uint8Array(7));
	});
});
