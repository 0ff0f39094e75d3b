// What happened in a life, in order, and what it left behind: a digest that is the same for the
// same run on any engine and, where it is asked for, lines for a person. It judges nothing.

import { crc32 } from "../../../src/bytes/crc32.js";
import type { SimulatedBoard } from "../board.js";
import type { Statistics } from "./statistics.js";

/** Lines of a trace that are kept: the newest ones. A day of a stormy life has some thousands. */
const TRACE_LINES_MAX = 20_000;

type Detail = Readonly<Record<string, unknown>>;

export interface TraceOptions {
	readonly clock: { monotonicMs(): number };
	/** Keeps lines as well as the digest. */
	readonly keepsLines: boolean;
}

export class Trace {
	readonly #clock: TraceOptions["clock"];
	readonly #keepsLines: boolean;
	readonly #lines: string[] = [];
	#left = 0x811c9dc5;
	#right = 0x2f0b4c47;

	constructor(options: TraceOptions) {
		this.#clock = options.clock;
		this.#keepsLines = options.keepsLines;
	}

	/** `who` did or suffered `what` now. */
	note(who: string, what: string, detail?: Detail): void {
		const atMs = this.#clock.monotonicMs();
		this.#mixNumber(atMs);
		this.#mixText(who);
		this.#mixText(what);
		if (detail !== undefined) this.#mixDetail(detail);
		if (this.#keepsLines) this.#keep(atMs, who, what, detail);
	}

	/** Values that no line tells, in the order of their fields; of bytes their CRC. */
	mix(value: unknown): void {
		if (typeof value === "number") this.#mixNumber(value);
		else if (value instanceof Uint8Array) this.#mixBytes(value);
		else if (Array.isArray(value)) for (const item of value) this.mix(item);
		else if (typeof value === "object" && value !== null) this.mix(Object.entries(value));
		else this.#mixText(String(value));
	}

	/** Sixteen hexadecimal digits. */
	get digest(): string {
		return hex32(this.#left) + hex32(this.#right);
	}

	/** Oldest first. */
	get lines(): readonly string[] {
		return this.#lines;
	}

	#keep(atMs: number, who: string, what: string, detail: Detail | undefined): void {
		this.#lines.push(`${simulatedTime(atMs)}  ${who}  ${what}${describe(detail)}`);
		if (this.#lines.length > TRACE_LINES_MAX) this.#lines.splice(0, TRACE_LINES_MAX / 10);
	}

	#mixDetail(detail: Detail): void {
		for (const name of Object.keys(detail)) {
			const value = detail[name];
			if (value === undefined || name === "name") continue;
			this.#mixText(name);
			if (typeof value === "number") this.#mixNumber(value);
			else this.#mixText(String(value));
		}
	}

	#mixNumber(value: number): void {
		if (Number.isSafeInteger(value)) {
			this.#mix(value >>> 0);
			this.#mix(Math.floor(value / 0x1_0000_0000) >>> 0);
		} else {
			// Its bits: engines may write it with other digits.
			this.#mixBytes(new Uint8Array(Float64Array.of(value).buffer));
		}
	}

	#mixBytes(bytes: Uint8Array): void {
		this.#mix(bytes.length);
		this.#mix(crc32(bytes));
	}

	#mixText(text: string): void {
		for (let index = 0; index < text.length; index++) this.#mix(text.charCodeAt(index));
		this.#mix(0xffff_fffe);
	}

	/** Two lanes of FNV-1a over words, crossed: fast, and far from a hash for enemies. */
	#mix(word: number): void {
		this.#left = Math.imul(this.#left ^ word, 0x01000193);
		this.#right = Math.imul((this.#right ^ word ^ (this.#left >>> 15)) | 0, 0x5bd1e995);
	}
}

/** Mixes in what a life leaves: the chips' contents, the key-value storage and all numbers. */
export function mixRemains(
	trace: Trace,
	boards: readonly SimulatedBoard[],
	statistics: Statistics,
): void {
	for (const { outboxChip, logChip, keyValue } of boards) {
		trace.mix([outboxChip.image(), logChip.image(), keyValue.contents()]);
	}
	trace.mix(statistics.toJSON());
}

/** Hours, minutes, seconds and milliseconds since the start of the world. */
export function simulatedTime(atMs: number): string {
	const pad = (value: number, digits: number) => String(value).padStart(digits, "0");
	const seconds = Math.floor(atMs / 1000);
	const hours = Math.floor(seconds / 3600);
	const clock = `${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
	return `${pad(hours, 2)}:${clock}.${pad(Math.floor(atMs % 1000), 3)}`;
}

function describe(detail: Detail | undefined): string {
	if (detail === undefined) return "";
	let text = "";
	for (const name of Object.keys(detail)) {
		const value = detail[name];
		if (name !== "name" && value !== undefined) text += ` ${name}=${String(value)}`;
	}
	return text;
}

function hex32(word: number): string {
	return (word >>> 0).toString(16).padStart(8, "0");
}
