// Draws what a herd does when its broker comes back: attempts a second, and how many devices are
// back, with jitter and without, on one time axis. Attempts are drawn by their logarithm: a herd in
// step makes twenty times as many in one second as another at its worst. Plain SVG text, light and
// dark backgrounds alike.

/** One herd, second by second from the broker's return. */
export interface HerdCurve {
	readonly name: string;
	readonly color: string;
	readonly attempts: readonly number[];
	/** Devices online. */
	readonly online: readonly number[];
}

const WIDTH = 760;
const PANEL_HEIGHT = 190;
const MARGIN = { left: 64, right: 20, top: 34, between: 56, bottom: 44 };
const HEIGHT = MARGIN.top + 2 * PANEL_HEIGHT + MARGIN.between + MARGIN.bottom;
const INK = "#555";
const GRID = "#bbb";

export function herdFigure(curves: readonly HerdCurve[], devices: number): string {
	const seconds = Math.max(...curves.map(({ attempts }) => attempts.length));
	const most = Math.max(1, ...curves.flatMap(({ attempts }) => attempts));
	const attempts = logarithmic(most);
	const back = linear(devices);
	const lower = MARGIN.top + PANEL_HEIGHT + MARGIN.between;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}"`,
		` height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
		`<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
		panel({ top: MARGIN.top, title: ATTEMPTS_TITLE, scale: attempts, seconds }),
		...curves.map((curve) => line(curve.attempts, MARGIN.top, attempts, seconds, curve.color)),
		...curves.map((curve) => peak(curve, attempts, seconds)),
		panel({ top: lower, title: `devices back, of ${devices}`, scale: back, seconds }),
		...curves.map(({ online, color }) => line(online, lower, back, seconds, color)),
		legend(curves),
		text(WIDTH / 2, HEIGHT - 8, "seconds since the broker came back", "middle"),
		"</svg>",
		"",
	].join("\n");
}

const ATTEMPTS_TITLE = "attempts to connect, a second (logarithmic)";

/** Where a value stands, from 0 at the bottom of a panel to 1 at its top. */
interface Scale {
	readonly ticks: readonly number[];
	of(value: number): number;
}

function linear(most: number): Scale {
	return { ticks: ticks(most, 4), of: (value) => value / most };
}

/** 0 at the bottom, and 1 a little above it. */
function logarithmic(most: number): Scale {
	const top = Math.log10(2 * most + 1);
	const powers = [0];
	for (let value = 1; value <= most; value *= 10) powers.push(value);
	return { ticks: powers, of: (value) => Math.log10(2 * value + 1) / top };
}

interface Panel {
	readonly top: number;
	readonly title: string;
	readonly scale: Scale;
	readonly seconds: number;
}

function panel({ top, title, scale, seconds }: Panel): string {
	const bottom = top + PANEL_HEIGHT;
	const parts = [text(MARGIN.left, top - 10, title)];
	for (const value of scale.ticks) {
		const y = bottom - scale.of(value) * PANEL_HEIGHT;
		parts.push(rule(MARGIN.left, y, WIDTH - MARGIN.right, y));
		parts.push(text(MARGIN.left - 6, y + 4, String(value), "end"));
	}
	for (const second of ticks(seconds, 8)) {
		const x = MARGIN.left + (second / seconds) * panelWidth();
		parts.push(rule(x, bottom, x, bottom + 5), text(x, bottom + 18, String(second), "middle"));
	}
	return parts.join("\n");
}

function line(
	values: readonly number[],
	top: number,
	scale: Scale,
	seconds: number,
	color: string,
): string {
	const points = values.map((value, second) => {
		const x = MARGIN.left + (second / seconds) * panelWidth();
		const y = top + PANEL_HEIGHT - scale.of(value) * PANEL_HEIGHT;
		return `${x.toFixed(1)},${y.toFixed(1)}`;
	});
	const stroke = `fill="none" stroke="${color}" stroke-width="1.5"`;
	return `<polyline ${stroke} points="${points.join(" ")}"/>`;
}

/** The most attempts in a second of `curve`, written beside them. */
function peak({ attempts, color }: HerdCurve, scale: Scale, seconds: number): string {
	const most = Math.max(...attempts);
	const x = MARGIN.left + (attempts.indexOf(most) / seconds) * panelWidth();
	const y = MARGIN.top + PANEL_HEIGHT - scale.of(most) * PANEL_HEIGHT;
	const dot = `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${color}"/>`;
	// Inside the panel: above it stands its title.
	return dot + text(x + 7, Math.max(y - 3, MARGIN.top + 12), `${most}`, "start", color);
}

function legend(curves: readonly HerdCurve[]): string {
	return curves
		.map(({ name, color }, index) => {
			const x = WIDTH - MARGIN.right - 330 + index * 170;
			const y = MARGIN.top - 14;
			return (
				`<line x1="${x}" y1="${y}" x2="${x + 22}" y2="${y}" stroke="${color}" stroke-width="2"/>` +
				text(x + 28, y + 4, name)
			);
		})
		.join("\n");
}

function panelWidth(): number {
	return WIDTH - MARGIN.left - MARGIN.right;
}

/** About `count` round numbers from 0 to `most`. */
function ticks(most: number, count: number): number[] {
	const rough = most / count;
	const magnitude = 10 ** Math.floor(Math.log10(rough));
	const factor = [1, 2, 5, 10].find((candidate) => candidate * magnitude >= rough) as number;
	const step = Math.max(1, factor * magnitude);
	const found: number[] = [];
	for (let value = 0; value <= most; value += step) found.push(value);
	return found;
}

function text(x: number, y: number, content: string, anchor = "start", fill = INK): string {
	return `<text x="${x}" y="${y}" fill="${fill}" text-anchor="${anchor}">${content}</text>`;
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
	return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${GRID}" stroke-width="0.7"/>`;
}
