// The live view: one screen that shows the device, the receiving end and what happened last. It
// only draws; what keys do is start.ts's affair.

import type { WriteStream } from "node:tty";
import { printable } from "../command-line.js";
import type { Status } from "./demonstration.js";

export interface Line {
	/** Milliseconds of Unix time. */
	readonly at: number;
	readonly text: string;
	readonly tone: Tone;
}

export type Tone = "plain" | "good" | "bad" | "dim";

const SWITCH_TO_SCREEN = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE_SCREEN = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const COLOURS: Readonly<Record<Tone, string>> = { plain: "", good: "32", bad: "31", dim: "2" };

/** A person cannot read faster, and a slow terminal need not. */
const FRAME_MS = 100;
/** Lines remembered per list. */
const LINES_MAX = 200;
const ROWS_MIN = 8;
const HELP = "n network  b broker  p power cut  t tamper  c command  q quit";

export class LiveView {
	readonly #output: WriteStream;
	readonly #status: () => Status | undefined;
	readonly #readings: Line[] = [];
	readonly #events: Line[] = [];
	readonly #hasColour = !process.env.NO_COLOR;
	#timer: NodeJS.Timeout | undefined;
	#isDirty = true;

	constructor(output: WriteStream, status: () => Status | undefined) {
		this.#output = output;
		this.#status = status;
	}

	open(): void {
		this.#output.write(SWITCH_TO_SCREEN);
		this.#output.on("resize", this.#resized);
		this.#timer = setInterval(() => this.#draw(), FRAME_MS);
		this.#draw();
	}

	/** Gives the terminal back as it was. May be called twice. */
	close(): void {
		if (!this.#timer) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
		this.#output.off("resize", this.#resized);
		this.#output.write(LEAVE_SCREEN);
	}

	reading(text: string): void {
		this.#add(this.#readings, text, "good");
	}

	event(text: string, tone: Tone = "plain"): void {
		this.#add(this.#events, text, tone);
	}

	/** Something in the status changed. */
	refresh(): void {
		this.#isDirty = true;
	}

	#add(lines: Line[], text: string, tone: Tone): void {
		lines.push({ at: Date.now(), text, tone });
		if (lines.length > LINES_MAX) lines.shift();
		this.#isDirty = true;
	}

	readonly #resized = (): void => {
		this.#isDirty = true;
		this.#output.write(HOME + CLEAR_BELOW);
	};

	#draw(): void {
		if (!this.#isDirty) return;
		this.#isDirty = false;
		const { columns = 80, rows = 24 } = this.#output;
		const lines = compose(this.#status(), this.#readings, this.#events, Math.max(rows, ROWS_MIN));
		const drawn = lines.slice(0, rows).map((line) => this.#paint(line, columns));
		this.#output.write(HOME + drawn.join(`${CLEAR_LINE}\r\n`) + CLEAR_LINE + CLEAR_BELOW);
	}

	#paint({ text, tone }: Pick<Line, "text" | "tone">, columns: number): string {
		const cut = [...printable(text)].slice(0, columns).join("");
		const colour = COLOURS[tone];
		return this.#hasColour && colour ? `\x1b[${colour}m${cut}\x1b[0m` : cut;
	}
}

/** The whole screen in `rows` lines: facts on top, keys at the bottom, lists share what is left. */
export function compose(
	status: Status | undefined,
	readings: readonly Line[],
	events: readonly Line[],
	rows: number,
): Pick<Line, "text" | "tone">[] {
	const facts = status ? factsOf(status) : [{ text: "Holdfast", tone: "plain" as const }];
	const room = Math.max(2, rows - facts.length - 3);
	const half = Math.ceil(room / 2);
	const shownReadings = readings.slice(-Math.max(half, room - events.length));
	const shownEvents = events.slice(-(room - Math.min(shownReadings.length, room - 1)));
	const list = (lines: readonly Line[]) =>
		lines.map(({ at, text, tone }) => ({ text: `  ${clockTime(at)}  ${text}`, tone }));
	const filled = [
		...facts,
		{ text: "verified readings", tone: "dim" as const },
		...list(shownReadings.slice(-room + 1)),
		{ text: "events", tone: "dim" as const },
		...list(shownEvents),
	];
	while (filled.length < rows - 1) filled.push({ text: "", tone: "plain" });
	return [...filled.slice(0, rows - 1), { text: HELP, tone: "dim" }];
}

function factsOf(status: Status): Pick<Line, "text" | "tone">[] {
	const { device, firmware, address, state, network, broker } = status;
	const { readings, refused, missing, waiting, reconnects } = status;
	const isWell = network === "up" && broker !== "down" && /^(online|stable)$/.test(state);
	return [
		{ text: `Holdfast  ${device}  ${firmware}  ${address}`, tone: "plain" },
		{
			text: `device ${state}   network ${network}   broker ${broker}`,
			tone: isWell ? "good" : "bad",
		},
		{
			text:
				`verified ${readings}   refused ${refused}   missing ${missing}   ` +
				`in the outbox ${waiting}   reconnects ${reconnects}`,
			tone: missing > 0 ? "bad" : "plain",
		},
	];
}

function clockTime(at: number): string {
	return new Date(at).toTimeString().slice(0, 8);
}
