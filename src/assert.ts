// Assertions for programmer errors. They stay on in production: the host catches them at top level.

export class AssertionError extends Error {
	override get name(): string {
		return "AssertionError";
	}
}

/** Throws {@link AssertionError} with `fact` unless `condition` holds. */
export function assert(condition: boolean, fact: string): asserts condition {
	if (!condition) throw new AssertionError(fact);
}

/** Closes a `switch` over a union: the compiler proves that it cannot be reached. */
export function unreachable(value: never): never {
	throw new AssertionError(`unexpected value ${String(value)}`);
}
