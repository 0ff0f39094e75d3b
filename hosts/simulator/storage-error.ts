// The error that simulated storage throws for a cause in the world.

import type { PortError, StorageErrorCode } from "../../src/ports.js";

export class StorageError extends Error implements PortError {
	readonly code: StorageErrorCode;

	constructor(code: StorageErrorCode, message: string) {
		super(message);
		this.code = code;
	}

	override get name(): string {
		return "StorageError";
	}
}
