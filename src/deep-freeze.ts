// Tables of a module lie in flash on the chip. One that is not frozen, with all that it holds,
// costs RAM: the engine keeps a place for a changed copy of each object.

/** Freezes `table` and all that it holds; returns it. For plain objects and arrays, no cycles. */
export function deepFreeze<const Table>(table: Table): Table {
	if (typeof table !== "object" || table === null || ArrayBuffer.isView(table)) return table;
	for (const value of Object.values(table)) deepFreeze(value);
	return Object.freeze(table);
}
