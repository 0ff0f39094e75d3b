import {
	inboundStep,
	outboundStep,
	type InboundEvent,
	type InboundState,
	type OutboundEvent,
	type OutboundState,
} from "../../../src/mqtt/transitions.js";

function text(step: { next?: string; effect?: string; clause?: string | undefined }): string {
	return step.clause === undefined ? `${step.next} ${step.effect}` : "violation";
}

describe("the life of an outbound packet id", () => {
	const events: OutboundEvent[] = ["PUBACK", "PUBREC", "PUBCOMP", "SUBACK", "UNSUBACK"];
	const no = "violation";
	/** State: what each event does, in the order above (MQTT 3.1.1 §4.3, §3.8.4, §3.10.4). */
	const rows: [OutboundState, string[]][] = [
		["free", [no, "free release", "free none", no, no]],
		["published", ["free acknowledged", no, no, no, no]],
		["offered", [no, "released release", no, no, no]],
		["released", [no, "released release", "free acknowledged", no, no]],
		["forgotten", [no, "forgotten release", "free none", no, no]],
		["subscribing", [no, no, no, "free answered", no]],
		["unsubscribing", [no, no, no, no, "free answered"]],
	];

	it("answers every event in every state", () => {
		for (const [state, answers] of rows) {
			expect(events.map((event) => text(outboundStep(state, event)))).toEqual(answers);
		}
	});

	it("names a clause for every violation", () => {
		for (const [state] of rows) {
			for (const event of events) {
				const { clause } = outboundStep(state, event);
				if (clause !== undefined) expect(clause).toMatch(/^MQTT-\d+\.\d+\.\d+-\d+$/);
			}
		}
	});
});

describe("the life of an inbound QoS 2 id", () => {
	it("answers every event in every state", () => {
		const events: InboundEvent[] = ["PUBLISH", "acknowledge", "discard", "PUBREL"];
		const rows: [InboundState, string[]][] = [
			["free", ["delivered deliver", "free none", "free none", "free complete"]],
			["delivered", ["delivered none", "received receive", "discarded receive", "violation"]],
			["received", ["received receive", "received none", "received none", "free complete"]],
			["discarded", ["discarded receive", "discarded none", "discarded none", "free complete"]],
		];
		for (const [state, answers] of rows) {
			expect(events.map((event) => text(inboundStep(state, event)))).toEqual(answers);
		}
	});
});
