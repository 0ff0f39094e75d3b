import { encode } from "../../../src/cbor/encode.js";
import type { CBORValue } from "../../../src/cbor/value.js";
import { encodeCommand, type Command } from "../../../src/command/command.js";
import {
	COMMAND_CONTENT_TYPE,
	judgeCommand,
	type CommandContext,
	type SignedCommand,
} from "../../../src/command/judge.js";
import { CONTENT_COMMAND, CONTENT_RESULT } from "../../../src/envelope/content-types.js";
import { COMMAND_LIFETIME_S_MAX, COMMAND_SKEW_S_MAX } from "../../../src/limits.js";

const NOW = 1_700_000_000;
const COMMAND: Command = { name: "set-interval", intervalMs: 5000 };
const SIGNED: SignedCommand = {
	contentType: COMMAND_CONTENT_TYPE,
	payload: encodeCommand(COMMAND),
	sequence: 8,
	time: { unixSeconds: NOW - 1 },
	audience: "kelp-7",
	notBefore: NOW - 1,
	expiresAt: NOW + 59,
};
const CONTEXT: CommandContext = {
	deviceId: "kelp-7",
	retained: false,
	lastSequence: 7,
	allowedCommands: ["set-interval", "report"],
	trustedTime: NOW,
};

function judge(signed: Partial<SignedCommand>, context: Partial<CommandContext> = {}) {
	return judgeCommand({ ...SIGNED, ...signed }, { ...CONTEXT, ...context });
}

/** The reason, with "!" where the sender is answered. */
function reasonFor(signed: Partial<SignedCommand>, context: Partial<CommandContext> = {}): string {
	const judgement = judge(signed, context);
	if (judgement.kind === "accepted") return "accepted";
	return judgement.answerable ? `${judgement.reason}!` : judgement.reason;
}

function without(field: keyof SignedCommand, more: Partial<SignedCommand> = {}): SignedCommand {
	const signed: Record<string, unknown> = { ...SIGNED, ...more };
	delete signed[field];
	return signed as unknown as SignedCommand;
}

function payloadOf(entries: [string, CBORValue][]): Uint8Array {
	return encode(new Map(entries));
}

describe("judgeCommand", () => {
	it("accepts a signed, fresh, addressed command that its operator may give", () => {
		expect(judge({})).toEqual({ kind: "accepted", command: COMMAND });
	});

	it("accepts an operator's first command", () => {
		expect(reasonFor({ sequence: 1 }, { lastSequence: undefined })).toBe("accepted");
	});

	it("names the content type as the envelope does", () => {
		expect(COMMAND_CONTENT_TYPE).toBe(CONTENT_COMMAND);
	});

	it("refuses other content, even when an operator signed it", () => {
		expect(reasonFor({ contentType: CONTENT_RESULT })).toBe("not-a-command");
		expect(reasonFor({ contentType: 112 })).toBe("not-a-command");
	});

	it("refuses what is for another device or for none, without an answer", () => {
		expect(reasonFor({ audience: "kelp-8" })).toBe("wrong-audience");
		expect(judgeCommand(without("audience"), CONTEXT)).toEqual({
			kind: "refused",
			reason: "wrong-audience",
			answerable: false,
		});
	});

	it("refuses the newest sequence again and every older one, without an answer", () => {
		expect(reasonFor({ sequence: 7 })).toBe("replayed");
		expect(reasonFor({ sequence: 1 })).toBe("replayed");
		expect(reasonFor({ sequence: 8 }, { lastSequence: Number.MAX_SAFE_INTEGER })).toBe("replayed");
	});

	// A broker hands a retained message over at every connection: it is answered once.
	it("refuses retained commands, and answers the first time only", () => {
		expect(reasonFor({}, { retained: true })).toBe("retained!");
		expect(reasonFor({}, { retained: true, lastSequence: 8 })).toBe("retained");
	});

	it("refuses a command that would be valid for ever", () => {
		const judgement = judgeCommand(without("expiresAt"), CONTEXT);
		expect(judgement.kind === "refused" && judgement.reason).toBe("no-expiry");
	});

	it("obeys until the second before expiry", () => {
		expect(reasonFor({}, { trustedTime: NOW + 58 })).toBe("accepted");
		expect(reasonFor({}, { trustedTime: NOW + 59 })).toBe("expired!");
		expect(reasonFor({}, { trustedTime: NOW + 5000 })).toBe("expired!");
	});

	it("obeys from the start of validity, give or take a clock that is behind", () => {
		const notBefore = NOW + COMMAND_SKEW_S_MAX;
		const expiresAt = notBefore + 60;
		expect(reasonFor({ notBefore, expiresAt })).toBe("accepted");
		expect(reasonFor({ notBefore: notBefore + 1, expiresAt })).toBe("not-yet-valid!");
	});

	it("refuses what was issued in the future: its time would become ours", () => {
		const notBefore = NOW - 1;
		const late = { notBefore, expiresAt: NOW + 60 };
		const skewed = { time: { unixSeconds: NOW + COMMAND_SKEW_S_MAX }, ...late };
		expect(reasonFor(skewed)).toBe("accepted");
		const future = { time: { unixSeconds: NOW + COMMAND_SKEW_S_MAX + 1 }, ...late };
		expect(reasonFor(future)).toBe("not-yet-valid!");
	});

	it("refuses lifetimes beyond the limit, from whatever start is stated", () => {
		const expiresAt = NOW + COMMAND_LIFETIME_S_MAX;
		expect(reasonFor({ notBefore: NOW, expiresAt })).toBe("accepted");
		expect(reasonFor({ notBefore: NOW, expiresAt: expiresAt + 1 })).toBe("lifetime-too-long!");
		// Measured from now it would be short enough.
		const issued = { time: { unixSeconds: NOW - 100 }, expiresAt: expiresAt - 99 };
		const fromIssue = judgeCommand(without("notBefore", issued), CONTEXT);
		expect(fromIssue.kind === "refused" && fromIssue.reason).toBe("lifetime-too-long");
		const bare: Record<string, unknown> = {
			...without("notBefore", { expiresAt: expiresAt + 1 }),
		};
		delete bare["time"];
		const fromNow = judgeCommand(bare as unknown as SignedCommand, CONTEXT);
		expect(fromNow.kind === "refused" && fromNow.reason).toBe("lifetime-too-long");
	});

	// DESIGN.md §8
	it("refuses expiring commands while no time is trusted", () => {
		expect(reasonFor({}, { trustedTime: undefined })).toBe("time-untrusted!");
	});

	it("refuses what the operator may not give", () => {
		expect(reasonFor({ payload: encodeCommand({ name: "restart" }) })).toBe("not-allowed!");
		expect(reasonFor({}, { allowedCommands: [] })).toBe("not-allowed!");
	});

	it("tells unknown commands from malformed ones", () => {
		const unknown = payloadOf([
			["name", "self-destruct"],
			["arguments", new Map()],
		]);
		expect(reasonFor({ payload: unknown })).toBe("unknown-command!");
		expect(reasonFor({ payload: new Uint8Array(0) })).toBe("malformed!");
		expect(reasonFor({ payload: payloadOf([["name", "report"]]) })).toBe("malformed!");
	});

	it("gives an answer for every combination of what can be missing", () => {
		for (let bits = 0; bits < 256; bits++) {
			const signed: Record<string, unknown> = {
				contentType: bits & 1 ? COMMAND_CONTENT_TYPE : 0,
				payload: bits & 2 ? SIGNED.payload : Uint8Array.of(0xff),
				sequence: 8,
			};
			if (bits & 4) signed["audience"] = "kelp-7";
			if (bits & 8) signed["expiresAt"] = NOW + 1;
			if (bits & 16) signed["notBefore"] = NOW;
			const judgement = judgeCommand(signed as unknown as SignedCommand, {
				...CONTEXT,
				retained: (bits & 32) !== 0,
				lastSequence: bits & 64 ? 7 : undefined,
				trustedTime: bits & 128 ? NOW : undefined,
			});
			const mayPass = (bits & 0b1010_1111) === 0b1000_1111;
			expect(judgement.kind).toBe(mayPass ? "accepted" : "refused");
		}
	});
});
