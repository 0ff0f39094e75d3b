// Deep equality as jest's toEqual has it: properties that are undefined count as absent, and
// classes do not matter, except that bytes, maps, sets and arrays equal only their own kind.

export function isEqual(left: unknown, right: unknown): boolean {
	if (Object.is(left, right)) return true;
	if (typeof left !== "object" || typeof right !== "object") return false;
	if (left === null || right === null) return false;
	if (kindOf(left) !== kindOf(right)) return false;
	if (left instanceof ArrayBuffer) {
		return isEqual(new Uint8Array(left), new Uint8Array(right as ArrayBuffer));
	}
	if (left instanceof Map) return isEqual([...left], [...(right as Map<unknown, unknown>)]);
	if (left instanceof Set) return isEqual([...left], [...(right as Set<unknown>)]);
	if (left instanceof Error) return left.message === (right as Error).message;
	return hasEqualProperties(left as Properties, right as Properties);
}

type Properties = Readonly<Record<string, unknown>>;

function kindOf(value: object): string {
	return Object.prototype.toString.call(value);
}

function hasEqualProperties(left: Properties, right: Properties): boolean {
	if (Array.isArray(left) && left.length !== (right as unknown as unknown[]).length) return false;
	const names = new Set([...Object.keys(left), ...Object.keys(right)]);
	for (const name of names) if (!isEqual(left[name], right[name])) return false;
	return true;
}
