// What a gap record drops. It stands in the gap record itself, so that announcing the loss and the
// loss are one program operation.

import { assert } from "../assert.js";
import { getUint64, setUint64 } from "./unit.js";

export interface Drop {
	/** For each class: its records up to this sequence are dropped; 0 for none. */
	readonly through: readonly [number, number, number];
	/** The lowest and the highest sequence of what is dropped, earlier gap records included. */
	readonly first: number;
	readonly last: number;
	/** How many records between them, both included, are dropped. */
	readonly count: number;
}

export const DROP_BYTES = 44;

export function encodeDrop(drop: Drop): Uint8Array {
	assert(drop.count > 0 && drop.first <= drop.last, "something is dropped");
	const bytes = new Uint8Array(DROP_BYTES);
	const view = new DataView(bytes.buffer);
	for (let index = 0; index < 3; index++) setUint64(view, index * 8, drop.through[index] as number);
	setUint64(view, 24, drop.first);
	setUint64(view, 32, drop.last);
	view.setUint32(40, drop.count);
	return bytes;
}

export function decodeDrop(body: Uint8Array): Drop | undefined {
	if (body.length < DROP_BYTES) return undefined;
	const view = new DataView(body.buffer, body.byteOffset, DROP_BYTES);
	const [a, b, c] = [getUint64(view, 0), getUint64(view, 8), getUint64(view, 16)];
	const [first, last] = [getUint64(view, 24), getUint64(view, 32)];
	if (a === undefined || b === undefined || c === undefined) return undefined;
	if (first === undefined || last === undefined) return undefined;
	return { through: [a, b, c], first, last, count: view.getUint32(40) };
}
