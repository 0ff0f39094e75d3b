// The declarations of test/support/idf: each says where it is from, and is used.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { moduleSources } from "../../../tools/firmware/chip-sources.js";
import {
	declarationHeaders,
	declaredFunctions,
} from "../../../tools/firmware/declared-functions.js";
import { ROOT } from "../../support/c-program.js";

const FOLDER = "test/support/idf";

describe("the declarations of ESP-IDF", () => {
	const headers = declarationHeaders(ROOT);
	const names = (prototype: string) =>
		/\b(\w+)\(/.exec(prototype.replace(/__\w+__\(\(.*?\)\)/, ""));

	it("cite the header that they stand for, and its version", () => {
		expect(headers.length).toBeGreaterThan(20);
		for (const header of headers) {
			const text = readFileSync(join(ROOT, FOLDER, header), "utf8");
			const sentence = (text.split("\n\n")[0] ?? "").replaceAll("\n// ", " ");
			expect(sentence).toContain(header);
			expect(sentence).toContain("ESP-IDF v6.0");
		}
	});

	it("are of functions that the chip's C calls", () => {
		const { sources } = moduleSources(ROOT, "esp32");
		const code = sources.map((path) => readFileSync(join(ROOT, path), "utf8")).join("\n");
		const declared = declaredFunctions(ROOT, "esp32").map((line) => names(line)?.[1] ?? line);
		expect(declared.length).toBeGreaterThan(60);
		expect(declared.filter((name) => !new RegExp(`\\b${name}\\(`).test(code))).toEqual([]);
	});

	it("are read one by one, and for each chip its own", () => {
		const lines = declaredFunctions(ROOT, "esp32c3");
		expect(lines).toContain("void esp_fill_random(void *buf, size_t len);");
		expect(lines).toContain("__attribute__((noreturn)) void esp_restart(void);");
		expect(lines.filter((line) => /[{}#\n]|typedef/.test(line))).toEqual([]);
	});
});
