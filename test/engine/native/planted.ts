// What is planted in planted.c, for scripts that must end by it.

/** A write where nothing is. It does not return. */
export function plantedFault(): void {
	native("xs_planted_fault").call(undefined);
}
