// What can go wrong with one unit at the station. The code is for programs and tests; the message
// is one line for the person at the bench. Neither contains a secret.

export type StationErrorCode =
	| "no-answer" // the device did not answer, however often it was asked
	| "port" // the serial port cannot be opened, or went away
	| "refused" // the device refused a step; `refusal` has its reason
	| "locked" // the device is locked and no operator unlocks it
	| "protocol" // an answer that the protocol does not have
	| "identity" // another name, hardware id or key than there should be
	| "certificate" // the certificate is not for the key in the request
	| "proof"; // the proof does not verify or is not of what was installed

/** The device's own reason, as PROTOCOL.md lists them. */
export interface DeviceRefusal {
	readonly code: string;
	readonly path?: string;
	readonly expected?: string;
}

export class StationError extends Error {
	readonly code: StationErrorCode;
	readonly refusal: DeviceRefusal | undefined;

	constructor(code: StationErrorCode, message: string, refusal?: DeviceRefusal) {
		super(message);
		this.name = "StationError";
		this.code = code;
		this.refusal = refusal;
	}
}
