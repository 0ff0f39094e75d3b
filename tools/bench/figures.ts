// What a bench says: numbers with their units, some of them with a gate, and how they are printed.
// It measures nothing.

export type Gate = { readonly atLeast: number } | { readonly atMost: number };

/** A number, or why there is none. */
export interface Figure {
	readonly name: string;
	readonly unit: string;
	/** `undefined`: not measured, and `missing` says why. */
	readonly value: number | undefined;
	readonly missing?: string;
	readonly gate?: Gate;
	readonly note?: string;
}

export type Verdict = "met" | "missed" | "not-measured";

/** `undefined` for a figure without a gate. */
export function judge({ value, gate }: Figure): Verdict | undefined {
	if (gate === undefined) return undefined;
	if (value === undefined || Number.isNaN(value)) return "not-measured";
	const isMet = "atLeast" in gate ? value >= gate.atLeast : value <= gate.atMost;
	return isMet ? "met" : "missed";
}

/** Names of figures that keep `--gate` from passing. */
export function failures(figures: readonly Figure[]): string[] {
	return figures
		.filter((figure) => !["met", undefined].includes(judge(figure)))
		.map(({ name }) => name);
}

/** How many times `part` is contained in `whole`. */
export function ratio(whole: number | undefined, part: number | undefined): number | undefined {
	if (whole === undefined || part === undefined || part === 0) return undefined;
	return whole / part;
}

/** By how much two figures differ, in percent of the first. */
export function differencePercent(first: number, second: number): number {
	if (first === second) return 0;
	return first === 0 ? Infinity : (Math.abs(second - first) / Math.abs(first)) * 100;
}

/** One line for a person: name, value, unit, gate and its verdict. */
export function formatFigure(figure: Figure): string {
	const { name, value, unit, missing, note } = figure;
	const number = value === undefined ? "not measured" : `${formatNumber(value)} ${unit}`;
	const why = value === undefined ? (missing ?? "") : (note ?? "");
	const columns = `${name.padEnd(NAME_COLUMNS)}${number.padEnd(NUMBER_COLUMNS)}`;
	return `  ${columns}${gateText(figure)}${why}`.trimEnd();
}

const NAME_COLUMNS = 52;
const NUMBER_COLUMNS = 22;

function gateText(figure: Figure): string {
	const verdict = judge(figure);
	if (verdict === undefined || figure.gate === undefined) return "";
	const { gate } = figure;
	const limit =
		"atLeast" in gate ? `≥ ${formatNumber(gate.atLeast)}` : `≤ ${formatNumber(gate.atMost)}`;
	return `gate ${limit}: ${verdict}  `;
}

/** Three digits that count, and thousands apart. */
export function formatNumber(value: number): string {
	const size = Math.abs(value);
	const text = size >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
	return text.replace(/\B(?=(\d{3})+$)/g, size >= 10_000 ? " " : "");
}
