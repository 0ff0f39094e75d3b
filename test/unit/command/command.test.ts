import { encode } from "../../../src/cbor/encode.js";
import type { CBORKey, CBORValue } from "../../../src/cbor/value.js";
import {
	COMMAND_NAMES,
	decodeCommand,
	encodeCommand,
	type Command,
} from "../../../src/command/command.js";
import { SAMPLE_INTERVAL_MS_MAX, SAMPLE_INTERVAL_MS_MIN } from "../../../src/limits.js";

function decodeParts(name: CBORValue, entries: [CBORKey, CBORValue][]) {
	return decodeCommand(
		encode(
			new Map<CBORKey, CBORValue>([
				["name", name],
				["arguments", new Map(entries)],
			]),
		),
	);
}

describe("decodeCommand", () => {
	it("reads every command that there is", () => {
		const commands: Command[] = [
			{ name: "identify" },
			{ name: "report" },
			{ name: "set-interval", intervalMs: 60_000 },
			{ name: "restart" },
		];
		expect(commands.map(({ name }) => name)).toEqual(COMMAND_NAMES);
		for (const command of commands) {
			expect(decodeCommand(encodeCommand(command))).toEqual({ kind: "valid", command });
		}
	});

	it("keeps the interval within its limits, and says where it is wrong", () => {
		for (const intervalMs of [SAMPLE_INTERVAL_MS_MIN, SAMPLE_INTERVAL_MS_MAX]) {
			expect(decodeParts("set-interval", [["intervalMs", intervalMs]]).kind).toBe("valid");
		}
		const wrong: CBORValue[] = [
			SAMPLE_INTERVAL_MS_MIN - 1,
			SAMPLE_INTERVAL_MS_MAX + 1,
			1000.5,
			"1000",
			-1,
			null,
		];
		for (const intervalMs of wrong) {
			expect(decodeParts("set-interval", [["intervalMs", intervalMs]])).toEqual({
				kind: "invalid",
				path: "arguments.intervalMs",
				expected: `an integer of ${SAMPLE_INTERVAL_MS_MIN} to ${SAMPLE_INTERVAL_MS_MAX}`,
			});
		}
	});

	it("refuses missing arguments and those that a command does not have", () => {
		expect(decodeParts("set-interval", []).kind).toBe("invalid");
		expect(decodeParts("restart", [["now", true]]).kind).toBe("invalid");
		const read = decodeParts("report", [[1, 1]]);
		expect(read.kind === "invalid" && read.path).toBe("arguments.1");
		expect(decodeCommand(encode(new Map([["name", "report"]]))).kind).toBe("invalid");
	});

	it("tells what it does not know from what is not a command", () => {
		expect(decodeParts("open-valve", [])).toEqual({ kind: "unknown", name: "open-valve" });
		expect(decodeParts("toString", []).kind).toBe("unknown");
		expect(decodeParts("", []).kind).toBe("invalid");
		expect(decodeParts("x".repeat(33), []).kind).toBe("invalid");
		expect(decodeParts(1, []).kind).toBe("invalid");
		expect(decodeCommand(new Uint8Array(0)).kind).toBe("invalid");
		expect(decodeCommand(encode("report")).kind).toBe("invalid");
	});
});
