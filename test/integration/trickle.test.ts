// A broker behind a line that lets one byte through at a time: every read succeeds, and still each
// operation ends at its deadline. Policy timings are a twentieth of the real ones, and so is the
// time between two bytes.
import { Installation } from "../support/installation.js";

const TIME_SCALE = 0.05;
/** One byte a second. */
const BYTE_MS = 1000 * TIME_SCALE;

describe("a broker whose bytes trickle", () => {
	let installation: Installation;

	beforeEach(async () => {
		installation = await Installation.create({ kind: "aedes", board: { timeScale: TIME_SCALE } });
	});

	afterEach(async () => {
		await installation.close();
	});

	it("does not hold the device in a handshake, nor in a session", async () => {
		await installation.listen();
		installation.proxy.trickle(BYTE_MS);
		await installation.provision();
		const inHandshake = await installation.someEvent("connection-failed");
		expect(inHandshake).toMatchObject({ failureClass: "attempt-timeout", phase: "securing" });
		expect(installation.eventsNamed("connection-online")).toEqual([]);
		// It measured all the while.
		expect(installation.eventsNamed("reading-accepted").length).toBeGreaterThan(3);
		installation.proxy.trickle(0);
		await installation.someEvent("connection-online");
		await installation.readings(3);
		installation.proxy.trickle(BYTE_MS);
		const failures = installation.eventsNamed("connection-failed").length;
		await installation.until(() => installation.eventsNamed("connection-failed").length > failures);
		const inSession = installation.eventsNamed("connection-failed")[failures];
		expect(["silent", "acknowledge-timeout", "ping-timeout"]).toContain(inSession?.failureClass);
		installation.proxy.trickle(0);
		const { readings } = installation.observer;
		await installation.readings(readings + 5);
		expect(installation.eventsNamed("board-exited")).toEqual([]);
	});
});
