// What a step comes to: the fields of its answer, or the refusal that is sent instead.

import type { MessageFields, ProvisioningErrorCode } from "./messages.js";

export type Answer = MessageFields | Refusal;

export class Refusal {
	readonly code: ProvisioningErrorCode;
	readonly expected: string;
	readonly path: string | undefined;

	constructor(code: ProvisioningErrorCode, expected: string, path?: string) {
		this.code = code;
		this.expected = expected;
		this.path = path;
	}
}

export function missing(field: keyof MessageFields): Refusal {
	return new Refusal("malformed", "a value: it is missing", field);
}
