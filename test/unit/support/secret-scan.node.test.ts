import { findSecrets } from "../../support/secret-scan.js";

const SECRET = "correct horse battery";
const SECRETS = { planted: SECRET };

describe("findSecrets", () => {
	it("finds a secret in every form in which it could leak", () => {
		const bytes = Buffer.from(SECRET);
		const forms: [output: string | Uint8Array, form: string][] = [
			[`x${SECRET}y`, "plain"],
			[bytes.toString("hex"), "hex"],
			[bytes.toString("hex").toUpperCase(), "hex"],
			[JSON.stringify([...bytes]), "decimal list"],
			[Buffer.concat([Buffer.of(0xff), bytes]), "plain"],
		];
		for (const [output, form] of forms) {
			expect(findSecrets(output, SECRETS)).toEqual([`planted (${form})`]);
		}
	});

	it("finds it in base64, wherever in the encoded text it begins", () => {
		for (const before of ["", "a", "ab", "abc"]) {
			const output = Buffer.from(`${before}${SECRET}zz`).toString("base64");
			expect(findSecrets(output, SECRETS)).toContain("planted (base64)");
		}
	});

	it("finds nothing where there is nothing, and refuses what is too short to look for", () => {
		expect(findSecrets("nothing of the kind", SECRETS)).toEqual([]);
		expect(() => findSecrets("", { short: "abc" })).toThrow(RangeError);
	});
});
