import {
	FAILURES,
	failureClassOf,
	isRebootable,
	type FailureClass,
} from "../../../src/connection/failure.js";

const CLASSES = Object.keys(FAILURES) as FailureClass[];

/** Every close reason that the MQTT client and its sockets have. */
const CLOSE_CODES = [
	...["tcp", "tls-authority", "tls-host-name", "tls-expired", "tls-not-yet-valid", "tls-pin"],
	...["tls-version", "tls-client-certificate", "tls-resources", "tls-handshake", "tls-record"],
	...["tls-truncated", "tls-closed", "connack-protocol-version", "connack-identifier"],
	...["connack-unavailable", "connack-credentials", "connack-not-authorized", "connack-timeout"],
	...["closed-before-connack", "closed-by-peer", "ping-timeout", "acknowledge-timeout"],
	...["write-stalled", "packet-too-large", "receive-limit", "protocol-violation", "local"],
];

describe("FAILURES", () => {
	it("has a row for every close reason", () => {
		for (const code of CLOSE_CODES) expect(failureClassOf(code)).toBe(code);
	});

	it("calls a code that it does not have unknown", () => {
		for (const code of ["", "no-such-code", "toString", "__proto__", "constructor"]) {
			expect(failureClassOf(code)).toBe("unknown");
		}
	});

	it("begins every ladder with a new socket and keeps the order of rungs", () => {
		const order = ["socket", "recheck", "restart-link", "check-heap", "reboot"];
		for (const name of CLASSES) {
			const rungs = FAILURES[name].ladder.map((step) => order.indexOf(step));
			expect(rungs[0]).toBe(0);
			expect(rungs).toEqual([...rungs].sort((left, right) => left - right));
		}
	});

	it("reboots for nothing but a network or a heap that may be stuck", () => {
		const rebootable = CLASSES.filter(isRebootable).sort();
		const expected: FailureClass[] = ["tcp", "tls-resources", "no-address", "link-lost", "dns"];
		expected.push("attempt-timeout", "ping-timeout", "write-stalled", "silent");
		expect(rebootable).toEqual(expected.sort());
	});

	it("waits long wherever a person has to mend something, and reports it", () => {
		const mended: FailureClass[] = ["tls-authority", "tls-host-name", "tls-expired", "tls-pin"];
		mended.push("tls-version", "tls-client-certificate", "connack-credentials");
		mended.push(
			"connack-not-authorized",
			"connack-identifier",
			"authentication",
			"packet-too-large",
		);
		for (const name of mended) {
			expect(FAILURES[name].floor).toBe("long");
			expect(FAILURES[name].isSecurity).toBe(true);
			expect(isRebootable(name)).toBe(false);
		}
		// A flood as long, and longer each time.
		expect(FAILURES.flood).toEqual({ ...FAILURES["packet-too-large"], floor: "rising" });
	});

	it("does not blame the next server for what is wrong here", () => {
		const ours: FailureClass[] = ["no-address", "link-lost", "tls-resources", "time-untrusted"];
		ours.push("credentials-missing", "duplicate-client-id", "no-servers");
		for (const name of ours) expect(FAILURES[name].rotates).toBe(false);
	});
});
