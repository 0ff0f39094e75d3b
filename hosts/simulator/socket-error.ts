// The error that simulated sockets hand over for a cause in the world.

import type { PortError, SocketErrorCode } from "../../src/ports.js";

export class SocketError extends Error implements PortError {
	readonly code: SocketErrorCode;

	constructor(code: SocketErrorCode) {
		super(code);
		this.code = code;
	}

	override get name(): string {
		return "SocketError";
	}
}
