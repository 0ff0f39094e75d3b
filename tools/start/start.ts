// `npm start`: the whole walk on one machine, watched in a terminal, as plain lines without one,
// or as a script with a JSON summary. It only wires; what is shown is demonstration.ts.

import type { DeviceEvent } from "../../src/ports.js";
import {
	counted,
	describeFailure,
	EXIT_FAILURE,
	EXIT_USAGE,
	printable,
	UsageError,
} from "../command-line.js";
import { parseArguments, type StartArguments } from "./arguments.js";
import { Demonstration, type DemonstrationListener } from "./demonstration.js";
import { LiveView, type Tone } from "./live-view.js";
import { Script, type RunSummary } from "./script.js";
import { tellBrokerEvent, tellDeviceEvent, tellRefused, tellVerified } from "./tell.js";

/** Where lines go, whatever shows them. */
interface Teller {
	reading(text: string): void;
	event(text: string, tone: Tone): void;
	refresh(): void;
}

/** Events that would drown the others: readings and states are shown elsewhere already. */
const QUIET_EVENTS = new Set(["reading-accepted", "connection-state", "pty"]);
const ALARMS = /failed|refused|rejected|aborted|watchdog|cut|lost|denied/;
/** A person presses Ctrl-C again when it takes long; then it ends at once. */
const EXIT_INTERRUPTED = 130;
const ACTION_MS_MAX = 30_000;

async function main(): Promise<number> {
	const given = parseArguments(process.argv.slice(2));
	if (typeof given === "number") return given;
	if (given.readings !== undefined) return runScript(given);
	return process.stdout.isTTY && process.stdin.isTTY ? runLive(given) : runPlain(given);
}

async function runScript(given: StartArguments): Promise<number> {
	const limit = new AbortController();
	const whenLate = () => limit.abort(new Error(`nothing more within ${given.timeoutS} s`));
	const timer = setTimeout(whenLate, given.timeoutS * 1000);
	let demonstration: Demonstration | undefined;
	const stop = onSignals(() => limit.abort(new Error("interrupted")));
	try {
		const teller = given.json ? silent() : plain();
		const started = Demonstration.start(given, listener(teller), (made) => (demonstration = made));
		demonstration = await Promise.race([started, aborted(limit.signal)]);
		const summary = await new Script(demonstration, given, limit.signal).run();
		report(summary, given.json);
		return summary.ok ? 0 : EXIT_FAILURE;
	} catch (error) {
		if (!given.json) throw error;
		process.stdout.write(`${JSON.stringify({ ok: false, reason: reasonOf(error) })}\n`);
		return EXIT_FAILURE;
	} finally {
		clearTimeout(timer);
		stop();
		await demonstration?.close();
	}
}

function report(summary: RunSummary, json: boolean): void {
	if (json) {
		process.stdout.write(`${JSON.stringify(summary)}\n`);
		return;
	}
	const { readings, refused, missing, reconnects, actions, reason } = summary;
	for (const { action, outcome, ms } of actions) {
		process.stdout.write(`${action}: ${outcome} after ${ms} ms\n`);
	}
	const counts = `${readings} verified, ${refused} refused, ${missing} missing`;
	process.stdout.write(`${counts}, ${counted(reconnects, "reconnect")}\n`);
	if (reason !== undefined) process.stderr.write(`${describeFailure(reason)}\n`);
}

/** Without a terminal and without `--readings`: lines until somebody ends it. */
async function runPlain(given: StartArguments): Promise<number> {
	const ended = new AbortController();
	let demonstration: Demonstration | undefined;
	const stop = onSignals(() => ended.abort(new Error("interrupted")));
	try {
		const started = Demonstration.start(given, listener(plain()), (made) => (demonstration = made));
		await Promise.race([started, aborted(ended.signal)]);
		await aborted(ended.signal);
		return 0;
	} catch (error) {
		if (ended.signal.aborted) return 0;
		throw error;
	} finally {
		stop();
		await demonstration?.close();
	}
}

async function runLive(given: StartArguments): Promise<number> {
	const ended = new AbortController();
	const end = () => ended.abort(new Error("interrupted"));
	let demonstration: Demonstration | undefined;
	const stop = onSignals(end);
	const view = new LiveView(process.stdout, () => demonstration?.status);
	const leave = () => view.close();
	process.once("exit", leave);
	try {
		view.open();
		const stopKeys = onKeys((key) => {
			if (key === "q" || key === "\x03") return end();
			if (demonstration) act(key, demonstration, view, given);
		});
		const started = Demonstration.start(given, listener(view), (made) => (demonstration = made));
		try {
			await Promise.race([started, aborted(ended.signal)]);
			await aborted(ended.signal);
		} finally {
			stopKeys();
		}
		return 0;
	} catch (error) {
		if (ended.signal.aborted) return 0;
		throw error;
	} finally {
		stop();
		view.close();
		await demonstration?.close();
		const { readings = 0, refused = 0 } = demonstration?.status ?? {};
		const verified = `${counted(readings, "reading")} verified`;
		process.stdout.write(`${verified}, ${counted(refused, "message")} refused\n`);
	}
}

/** What a key does. Its outcome is a line of the view. */
function act(
	key: string,
	demonstration: Demonstration,
	view: LiveView,
	given: StartArguments,
): void {
	const signal = AbortSignal.timeout(ACTION_MS_MAX);
	const actions: Record<string, [name: string, run: () => Promise<string | void>]> = {
		n: ["network", () => demonstration.toggleNetwork()],
		b: ["broker restart", () => demonstration.restartBroker()],
		p: ["power cut", () => demonstration.powerCut()],
		t: [
			"tamper",
			async () => `refused: ${(await demonstration.tamper(signal)) ?? "no reading yet"}`,
		],
		c: ["command", () => demonstration.command(given.command, signal)],
	};
	const [name, run] = actions[key] ?? [];
	if (name === undefined || run === undefined) return;
	view.event(`you: ${name}`, "dim");
	run().then(
		(outcome) => outcome && view.event(`${name}: ${outcome}`, "good"),
		(error: unknown) => view.event(`${name}: ${reasonOf(error)}`, "bad"),
	);
}

function listener(teller: Teller): DemonstrationListener {
	return {
		onStep: (text) => teller.event(text, "dim"),
		onVerdict: (verdict) => {
			if (verdict.kind === "verified") teller.reading(tellVerified(verdict));
			else if (!verdict.duplicate) teller.event(tellRefused(verdict), "bad");
			else teller.refresh();
		},
		onDeviceEvent: (event: DeviceEvent) => {
			if (QUIET_EVENTS.has(event.name)) teller.refresh();
			else teller.event(tellDeviceEvent(event), ALARMS.test(event.name) ? "bad" : "plain");
		},
		onBrokerEvent: (event) => {
			teller.event(tellBrokerEvent(event), ALARMS.test(event.name) ? "bad" : "dim");
		},
		onNote: (text) => teller.event(text, "bad"),
	};
}

function plain(): Teller {
	const line = (text: string) => {
		process.stdout.write(`${new Date().toISOString()}  ${printable(text)}\n`);
	};
	return { reading: (text) => line(`verified ${text}`), event: line, refresh: () => undefined };
}

function silent(): Teller {
	const nothing = () => undefined;
	return { reading: nothing, event: nothing, refresh: nothing };
}

/** Rejects when the signal aborts; the others win otherwise. */
function aborted(signal: AbortSignal): Promise<never> {
	return new Promise((_, reject) => {
		const abort = () => reject(signal.reason as Error);
		if (signal.aborted) abort();
		else signal.addEventListener("abort", abort, { once: true });
	});
}

/** Calls `stop` on the first signal and ends the program on the second. Returns what undoes it. */
function onSignals(stop: () => void): () => void {
	let count = 0;
	const received = () => {
		if (++count > 1) process.exit(EXIT_INTERRUPTED);
		stop();
	};
	const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
	for (const signal of signals) process.on(signal, received);
	// Whoever read our output may go away: that ends the run like a signal, not with a stack trace.
	process.stdout.on("error", received);
	return () => {
		for (const signal of signals) process.off(signal, received);
	};
}

function onKeys(pressed: (key: string) => void): () => void {
	const { stdin } = process;
	const read = (keys: Buffer) => [...keys.toString("latin1")].forEach(pressed);
	stdin.setRawMode(true);
	stdin.on("data", read);
	stdin.resume();
	return () => {
		stdin.off("data", read);
		stdin.setRawMode(false);
		stdin.pause();
	};
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

main().then(
	(code) => process.exit(code),
	(error: unknown) => {
		process.stderr.write(`${describeFailure(error).replace(/^holdfast/, "npm start")}\n`);
		process.exit(error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE);
	},
);
