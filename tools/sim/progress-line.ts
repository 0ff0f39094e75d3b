// One line that says how far a long run is: overwritten on a terminal, repeated now and then where
// there is none. It goes to standard error.

const TERMINAL_EVERY_MS = 200;
const LOG_EVERY_MS = 15_000;

export class ProgressLine {
	readonly #total: number;
	readonly #noun: string;
	readonly #isTerminal = process.stderr.isTTY;
	readonly #startedMs = performance.now();
	#shownMs = 0;
	#done = 0;
	#failed = 0;

	constructor(total: number, noun: string) {
		this.#total = total;
		this.#noun = noun;
	}

	step(isFailed: boolean): void {
		this.#done++;
		if (isFailed) this.#failed++;
		const everyMs = this.#isTerminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
		const nowMs = performance.now();
		if (nowMs - Math.max(this.#shownMs, this.#startedMs) < everyMs) return;
		this.#shownMs = nowMs;
		process.stderr.write(
			this.#isTerminal ? `\r\x1b[K${this.text(nowMs)}` : `${this.text(nowMs)}\n`,
		);
	}

	/** A line that stays. */
	tell(line: string): void {
		process.stderr.write(this.#isTerminal ? `\r\x1b[K${line}\n` : `${line}\n`);
	}

	/** Leaves the line empty. */
	end(): void {
		if (this.#isTerminal && this.#shownMs > 0) process.stderr.write("\r\x1b[K");
	}

	/** For a test, and for the end. */
	text(nowMs: number): string {
		const seconds = (nowMs - this.#startedMs) / 1000;
		const rate = this.#done / Math.max(seconds, 0.001);
		const left = rate > 0 ? Math.ceil((this.#total - this.#done) / rate) : 0;
		const percent = Math.floor((this.#done / this.#total) * 100);
		const failed = this.#failed > 0 ? `, ${this.#failed} failed` : "";
		return (
			`${this.#done} of ${this.#total} ${this.#noun} (${percent} %)${failed}, ` +
			`${rate.toFixed(1)} a second, ${minutes(left)} left`
		);
	}
}

function minutes(seconds: number): string {
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
