import { tellDeviceEvent, tellFailure } from "../../../../tools/start/tell.js";

describe("tellDeviceEvent", () => {
	it("says first that an event is of security, for the end of a line may not be seen", () => {
		const event = { name: "connection-failed", failureClass: "tls-expired", isSecurity: true };
		expect(tellDeviceEvent(event)).toBe(
			"device: connection-failed isSecurity true failureClass tls-expired",
		);
	});

	it("leaves out what has no value", () => {
		expect(tellDeviceEvent({ name: "board-exited", code: undefined, stage: "" })).toBe(
			"device: board-exited",
		);
	});
});

describe("tellFailure", () => {
	it("gives the class, and the codes that are not the class again", () => {
		const name = "connection-failed";
		const refused = { name, failureClass: "authentication", code: "closed-before-connack" };
		expect(tellFailure(refused)).toBe("authentication (closed-before-connack)");
		expect(tellFailure({ ...refused, transportCode: "tcp" })).toBe(
			"authentication (closed-before-connack, tcp)",
		);
		expect(tellFailure({ name, failureClass: "tcp", code: "tcp" })).toBe("tcp");
	});
});
