// The errors that this host hands over a port: a stable code, no detail that could hold a secret.
import type { PortError, SocketErrorCode, StorageErrorCode } from "../../src/ports.js";

export class HostPortError extends Error implements PortError {
	readonly code: SocketErrorCode | StorageErrorCode;

	constructor(code: SocketErrorCode | StorageErrorCode, message: string = code) {
		super(message);
		this.code = code;
	}

	override get name(): string {
		return "PortError";
	}
}
