// Commands that listen to a broker, where it refuses the subscription or nothing comes: they say so
// and end. Each runs in a process of its own, because an open connection keeps it alive.
import { readFileSync } from "node:fs";
import { Fleet } from "../../tools/pki/fleet.js";
import { EmbeddedBroker } from "../../tools/start/broker.js";
import { build, holdfast, startHoldfast } from "../support/holdfast-command-line.js";
import { TemporaryFolder } from "../support/temporary-folder.js";

const BUILD_MS = 180_000;

let folder: TemporaryFolder;
let fleet: Fleet;
let broker: EmbeddedBroker;
let mayHear: boolean;

beforeAll(async () => {
	await build();
	folder = new TemporaryFolder();
	fleet = await Fleet.create(folder.file("fleet"), { name: "Test" });
	const made = await fleet.issueBrokerCertificate({ name: "main", hosts: ["localhost"] });
	await fleet.issueOperator({ name: "alice" });
	broker = await EmbeddedBroker.start({
		authority: readFileSync(fleet.authorityFile),
		certificate: readFileSync(made.certificateFile),
		key: readFileSync(made.keyFile),
		access: {
			mayConnect: () => true,
			mayPublish: () => false,
			maySubscribe: () => mayHear,
			mayReceive: () => true,
		},
	});
}, BUILD_MS);

afterAll(async () => {
	await broker.stop();
	folder.remove();
});

function words(...more: string[]): string[] {
	const address = ["--broker", `mqtts://localhost:${broker.port}`, "--operator", "alice"];
	return [...address, "--fleet", fleet.folder, ...more];
}

/** Each command that listens. */
const COMMANDS = [["verify"], ["log", "verify"]];

describe("a command that listens to a broker", () => {
	it("ends with one line where the broker refuses the subscription", async () => {
		mayHear = false;
		for (const command of COMMANDS) {
			const ran = await holdfast([...command, ...words()]);
			expect(ran.code).toBe(1);
			expect(ran.complaints.at(-1)).toMatch(
				/^holdfast: broker localhost:\d+ refused the subscription to holdfast\/\+\//,
			);
		}
	});

	it("ends when the time is over", async () => {
		mayHear = true;
		for (const command of COMMANDS) {
			const ran = await holdfast([...command, ...words("--seconds", "1")]);
			expect(ran.complaints.at(-1)).toMatch(/^listening to /);
		}
	});

	it("ends when it is interrupted", async () => {
		mayHear = true;
		const running = startHoldfast(["log", "verify", ...words()]);
		await running.said("listening to");
		running.interrupt();
		expect((await running.ended).output).toBe("no log entries\n");
	});
});
