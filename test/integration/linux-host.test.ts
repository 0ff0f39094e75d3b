// The whole walk with the sensor on the XS engine: provisioned over its pseudo-terminal, telemetry
// over mutual TLS in C, through power cuts and refused messages. Skipped where the XS host cannot
// be built.
import { execFile } from "node:child_process";
import { engine } from "../support/engine.js";

interface Summary {
	readonly ok: boolean;
	readonly readings: number;
	readonly refused: number;
	readonly missing: number;
	readonly reconnects: number;
}

function start(...flags: string[]): Promise<Summary> {
	const given = ["build/start.js", "--host", "linux", "--json", "--sample-ms", "300", ...flags];
	return new Promise((resolve, reject) => {
		execFile(process.execPath, given, (error, output, errors) => {
			if (error) reject(new Error(`${output}\n${errors}`));
			else resolve(JSON.parse(output) as Summary);
		});
	});
}

describe("npm start on the XS host", () => {
	engine.it("verifies every reading", async () => {
		const summary = await start("--readings", "10");
		expect(summary).toMatchObject({ ok: true, readings: 10, refused: 0, missing: 0 });
	});

	engine.it(
		"comes back from cuts of power and network and from a restarted broker, missing nothing",
		async () => {
			const faults = ["--power-cut", "--cut-network", "--restart-broker", "--tamper"];
			const summary = await start("--readings", "12", ...faults, "--command", "report");
			expect(summary).toMatchObject({ ok: true, readings: 12, refused: 1, missing: 0 });
			expect(summary.reconnects).toBeGreaterThanOrEqual(3);
		},
		120_000,
	);
});
