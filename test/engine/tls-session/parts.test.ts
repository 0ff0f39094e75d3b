// The parts of the C session that need no server, in one program of their own.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { buildProgram, describeWhere } from "../../support/c-program.js";
import { TemporaryFolder } from "../../support/temporary-folder.js";
import { pki } from "../../support/tls-bench.js";
import { MBEDTLS_LIBRARIES } from "../../support/mbedtls-libraries.js";
import { missing, TLS_SOURCES } from "./bench.js";

describeWhere(missing, "TLS session in C: its parts", () => {
	it("check themselves and the library, and keep to their bounds", () => {
		const program = buildProgram({
			name: "tls-parts",
			sources: ["test/engine/tls-session/parts.c", ...TLS_SOURCES],
			includes: ["modules/tls-socket"],
			flags: [...MBEDTLS_LIBRARIES, "-Wl,--wrap=mbedtls_ssl_config_init"],
		});
		const folder = new TemporaryFolder();
		writeFileSync(folder.file("authority.der"), pki.authority.der);
		const run = spawnSync(program, [folder.file("authority.der")], { encoding: "utf8" });
		folder.remove();
		expect([run.stdout, run.stderr, run.status]).toEqual([
			expect.stringMatching(/^ours \d+\n$/),
			"",
			0,
		]);
		const ours = Number(run.stdout.split(" ")[1]);
		expect(ours).toBeLessThanOrEqual(4096);
	});
});
