// One version of the software: in the package, in the firmware and at the top of the changelog.

import { readFileSync } from "node:fs";
import { FIRMWARE_VERSION } from "../../src/firmware-version.js";

describe("the version", () => {
	const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

	it("is the same in package.json and in the firmware: change src/firmware-version.ts too", () => {
		expect(FIRMWARE_VERSION).toBe(version);
	});

	it("has the newest section of CHANGELOG.md", () => {
		const [newest] = /^## (\S+)/m.exec(readFileSync("CHANGELOG.md", "utf8"))?.slice(1) ?? [];
		expect(newest).toBe(version);
	});
});
