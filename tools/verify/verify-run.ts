// One run of `holdfast verify`: feeds messages to the verifier, prints each verdict, and counts
// what decides the exit code.
import { print, printJSON, printable } from "../command-line.js";
import { formatSummary, formatVerdict } from "./format-verdict.js";
import type { KnownDevice, StreamVerifier } from "../../hosts/support/verify/stream-verifier.js";
import type { Verdict } from "../../hosts/support/verify/verdict.js";

export interface VerifyRunOptions {
	readonly verifier: StreamVerifier;
	readonly json: boolean;
	/** At-least-once delivery: repeated bytes are no reason to fail. */
	readonly mayRepeat: boolean;
	/**
	 * The devices as they are known now: asked again when a key is unknown, at most once a second.
	 */
	readonly devices?: () => readonly KnownDevice[];
}

const ASK_AGAIN_MS = 1000;

export class VerifyRun {
	readonly #options: VerifyRunOptions;
	#verified = 0;
	#failures = 0;
	#askedAt = Date.now();

	constructor(options: VerifyRunOptions) {
		this.#options = options;
	}

	get verified(): number {
		return this.#verified;
	}

	accept(topic: string, bytes: Uint8Array): void {
		const verdict = this.#judge(topic, bytes);
		if (verdict.kind === "verified") this.#verified++;
		else if (!(verdict.duplicate && this.#options.mayRepeat)) this.#failures++;
		if (this.#options.json) printJSON(verdict);
		else print(formatVerdict(verdict));
	}

	/** Something that is not even a message. The run goes on. */
	unreadable(where: string, why: string): void {
		this.#failures++;
		process.stderr.write(`holdfast: ${printable(`${where}: ${why}`)}\n`);
	}

	/**
	 * Prints the summary. The result says whether nothing was refused, unreadable or lost
	 * unexplained.
	 */
	finish(): boolean {
		const { verifier, json } = this.#options;
		const devices = verifier.summary().filter(({ verified, duplicates, refused }) => {
			return verified + duplicates + Object.keys(refused).length > 0;
		});
		const strangers = verifier.strangers();
		if (json) {
			printJSON({ kind: "summary", verified: this.#verified, devices, strangers });
		} else {
			print("");
			for (const device of devices) formatSummary(device).forEach(print);
			for (const [reason, count] of Object.entries(strangers)) {
				print(`no known device: ${count} refused (${reason})`);
			}
			if (devices.length === 0 && Object.keys(strangers).length === 0) print("no messages");
		}
		const isLost = devices.some(({ missing }) =>
			missing.some(({ cause }) => cause === "unexplained"),
		);
		return this.#failures === 0 && !isLost;
	}

	#judge(topic: string, bytes: Uint8Array): Verdict {
		const { verifier, devices } = this.#options;
		if (devices && Date.now() - this.#askedAt >= ASK_AGAIN_MS && verifier.isStranger(bytes)) {
			this.#askedAt = Date.now();
			for (const device of devices()) verifier.add(device);
		}
		return verifier.accept(topic, bytes);
	}
}
