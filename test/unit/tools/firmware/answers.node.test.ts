// What other programs answer, and files of theirs: read without being believed further than that.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { readAudit } from "../../../../tools/firmware/audit.js";
import {
	HMAC_KEY_BLOCK,
	readMac,
	readPurpose,
	writeFlashWords,
} from "../../../../tools/firmware/irreversible.js";
import {
	nativeComponents,
	shippedBill,
	SHIPPED_PACKAGES,
	unknownOf,
} from "../../../../tools/firmware/shipped.js";
import { HMAC_CHIPS } from "../../../../tools/posture/chips.js";
import { TemporaryFolder } from "../../../support/temporary-folder.js";

const folder = new TemporaryFolder();
afterAll(() => folder.remove());

function put(name: string, text: string): void {
	mkdirSync(dirname(folder.file(name)), { recursive: true });
	writeFileSync(folder.file(name), text);
}

const TOOLCHAIN = {
	sdk: { folder: folder.file("sdk"), version: "8.2.3" },
	idf: { folder: folder.file("idf"), version: "6.0.2" },
	mcconfig: "mcconfig",
};

const LOCK = `dependencies:
  espressif/libsodium:
    component_hash: 8f2bc1
    source:
      registry_url: https://components.espressif.com/
      type: service
    version: 1.0.20~3
  idf:
    source:
      type: idf
    version: 6.0.2
`;

describe("the bill of materials", () => {
	const component = (name: string) => {
		return { type: "library" as const, "bom-ref": `${name}@1`, name, version: "1", purl: name };
	};
	const bill = (...names: string[]) => {
		return { metadata: { component: component("main") }, components: names.map(component) };
	};

	it("has the versions that the folders of this machine state", () => {
		put("idf/components/mbedtls/mbedtls/include/mbedtls/build_info.h", "none here");
		put("project/dependencies.lock", LOCK);
		const found = nativeComponents(TOOLCHAIN, folder.file("project"));
		expect(found.map(({ name, version }) => `${name} ${version}`)).toEqual([
			"Moddable SDK and XS 8.2.3",
			"ESP-IDF v6.0.2",
			"mbedtls unknown",
			"libsodium 1.0.20~3",
		]);
		expect(unknownOf(shippedBill(bill("mqtt-packet"), found))).toEqual(["mbedtls"]);
	});

	it("keeps of npm's packages those that ship, and misses none", () => {
		const made = shippedBill(bill("aedes", "mqtt-packet"), []);
		expect(made.components.map(({ name }) => name)).toEqual(["mqtt-packet"]);
		expect(() => shippedBill(bill("aedes"), [])).toThrow("does not name mqtt-packet");
	});

	it("names the packages that the packet writer imports", () => {
		const writer = readFileSync("src/mqtt/packet-writer.ts", "utf8");
		const specifiers = [...writer.matchAll(/from "([^.][^"]*)"/g)].map(([, name]) => name);
		const packages = specifiers.map((name) => (name as string).split("/")[0] as string);
		expect([...new Set(packages)].sort()).toEqual([...SHIPPED_PACKAGES].sort());
	});
});

describe("readAudit", () => {
	it("takes no answer for an answer but one", () => {
		expect(readAudit('{"vulnerabilities":{"aedes":{"severity":"high"}}}').kind).toBe("clean");
		for (const text of ["", "null", "{}", '{"message":"no"}', "<html>", '{"vulnerabilities":1}']) {
			expect([text, readAudit(text).kind]).toEqual([text, "unanswered"]);
		}
	});
});

describe("the flash tools", () => {
	it("are understood as they print", () => {
		const printed =
			"esptool v5.1.0\nConnected to ESP32-C3\nMAC:                7C:DF:A1:00:11:22\n";
		expect(readMac(printed)).toBe("7c:df:a1:00:11:22");
		expect(readMac("MAC: 7c:df")).toBeUndefined();
		expect(readPurpose('espefuse v5.1.0\n\n=== Run "summary" command ===\nUSER\n')).toBe("USER");
		expect(readPurpose("espefuse v5.1.0\nA fatal error occurred\n")).toBeUndefined();
	});

	it("get offsets in hexadecimal", () => {
		const words = writeFlashWords([{ offset: 0xc000, file: "a" }]);
		expect(words.slice(-2)).toEqual(["0xc000", "a"]);
	});
});

describe("the block of the key of NVS", () => {
	it("is the one of the production profile", () => {
		for (const chip of HMAC_CHIPS) {
			const file = `hosts/esp32/sdkconfig/production/sdkconfig.defaults.${chip}`;
			const line = `CONFIG_NVS_SEC_HMAC_EFUSE_KEY_ID=${HMAC_KEY_BLOCK}\n`;
			expect(readFileSync(file, "utf8")).toContain(line);
		}
	});
});
