// The security log from end to end: a board logs what is done to it, uploads it through somebody
// else's broker, and `holdfast log verify` judges the uploads and the flash of the board.

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { describeWithEachBroker } from "../support/brokers.js";
import { engine } from "../support/engine.js";
import type { Subscriber } from "../../tools/start/subscriber.js";
import { build, holdfast, startHoldfast } from "../support/holdfast-command-line.js";
import { DEVICE, Installation, OPERATOR } from "../support/installation.js";

interface Line {
	readonly kind: string;
	readonly counter?: number;
	readonly status?: string;
	readonly name?: string;
	readonly isSound?: boolean;
	readonly [field: string]: unknown;
}

function linesOf(output: string): Line[] {
	return output
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as Line);
}

function loggedNames(installation: Installation): string[] {
	return installation.verdicts.flatMap((verdict) => {
		const isLog = verdict.kind === "verified" && verdict.content.kind === "log";
		if (!isLog || verdict.content.kind !== "log") return [];
		return verdict.content.entries.map(({ name }) => name);
	});
}

/** Somebody publishes to the device's command topic what no operator signed. */
async function attack(installation: Installation, subscriber: Subscriber): Promise<void> {
	const rejected = installation.nextEvent("signature-rejected");
	await subscriber.publish(`holdfast/${DEVICE}/command`, Uint8Array.of(1, 2, 3));
	await rejected;
}

beforeAll(build);

engine.describeOnEachHost("the security log", (host) => {
	describeWithEachBroker("through a broker", (kind) => {
		if (host === "linux" && kind === "aedes") return; // its conduct as a broker is seen on Node
		let installation: Installation;

		beforeEach(async () => {
			installation = await Installation.create({ kind, host });
		});

		afterEach(async () => {
			await installation.close();
		});

		it("arrives signed, and verifies together with the flash of the board", async () => {
			const subscriber = await installation.listen();
			await installation.provision();
			await installation.someEvent("connection-online");
			const { fleet, broker, folder } = installation;
			const listening = startHoldfast([
				...["log", "verify", "--broker", `mqtts://localhost:${broker.port}`],
				...["--fleet", fleet.folder, "--operator", OPERATOR, "--count", "1", "--json"],
			]);
			await listening.said("listening");
			await attack(installation, subscriber);
			await installation.until(() => loggedNames(installation).includes("signature-rejected"));
			const names = loggedNames(installation);
			expect(names.slice(0, 2)).toEqual(["device-booted", "provisioning-keys-made"]);
			expect(names).toContain("provisioning-committed");
			const { code, output } = await listening.ended;
			expect(linesOf(output).at(-1)).toMatchObject({ kind: "summary", isSound: true });
			expect(code).toBe(0);

			await installation.board.powerCut();
			const image = folder.file("log.bin");
			copyFileSync(folder.file("board/flash/log.flash"), image);
			const judged = await holdfast(["log", "verify", image, "--fleet", fleet.folder, "--json"]);
			const lines = linesOf(judged.output);
			expect(lines.filter(({ kind }) => kind === "entry").map(({ name }) => name)).toEqual(
				expect.arrayContaining(names),
			);
			expect(lines.find(({ kind }) => kind === "log")).toMatchObject({
				device: DEVICE,
				isSound: true,
			});
			expect(judged.code).toBe(0);
			await expectEditNoticed(image, fleet.folder);
		});
	});
});

/** An attacker who knows the format changes what the log says of the attack, checksums and all. */
async function expectEditNoticed(image: string, fleet: string): Promise<void> {
	const bytes = readFileSync(image);
	const at = bytes.indexOf("signature-rejected");
	expect(at).toBeGreaterThan(0);
	bytes[at] = "S".charCodeAt(0);
	writeFileSync(image, bytes);
	const { code, output } = await holdfast(["log", "verify", image, "--fleet", fleet]);
	expect(output).toContain("missing");
	expect(output).toContain("the log is NOT sound");
	expect(code).toBe(1);
}
