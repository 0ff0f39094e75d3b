// What can go wrong with a fleet folder for a cause in the world. The message is one line for a
// person; the code is for programs and tests. Neither contains key material.

export type FleetErrorCode =
	| "exists" // something is there that would be overwritten
	| "not-a-fleet" // the folder, or a file that every fleet has, is missing
	| "corrupt" // a file of the fleet cannot be read as what it is
	| "readable-by-others" // a private key or its folder has a mode wider than its owner
	| "unknown" // no operator, broker, device or certificate of that name or serial
	| "name" // a name that cannot be used
	| "host" // neither a DNS name nor an IP address
	| "name-taken" // a client of another kind has this name
	| "certificate-request" // not a request that this fleet signs
	| "validity" // dates that make no valid certificate
	| "chain-too-large"
	| "record-signature" // a device record was changed, or another station wrote it
	| "storage"; // the file system refused

export class FleetError extends Error {
	readonly code: FleetErrorCode;

	constructor(code: FleetErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = "FleetError";
		this.code = code;
	}
}
