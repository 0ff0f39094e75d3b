// How the station shows what happens at its ports: bars on a terminal, lines elsewhere, JSON lines
// for programs. Results go to standard output, progress to standard error.
import cliProgress from "cli-progress";
import { print, printable, printJSON, printProgress } from "../command-line.js";
import { FleetError } from "../pki/fleet-error.js";
import { STATION_STEPS, type Provisioned, type StationStep } from "./station.js";
import { StationError } from "./station-error.js";

export interface ProvisioningProgress {
	step(port: string, step: StationStep, percent: number | undefined): void;
	done(port: string, provisioned: Provisioned): void;
	failed(port: string, error: unknown): void;
	end(): void;
}

/** What each step means to the person at the bench. */
const STEP_TEXTS: Readonly<Record<StationStep, string>> = {
	hello: "waiting for the device",
	unlock: "unlocking",
	keys: "making keys on the device",
	request: "requesting a certificate",
	issue: "issuing the certificate",
	install: "installing the configuration",
	commit: "committing",
	prove: "checking the proof",
	record: "writing the record",
	lock: "locking",
};

export function makeProgress(
	ports: readonly string[],
	options: { readonly json: boolean; readonly isTerminal: boolean },
): ProvisioningProgress {
	if (options.json) return new JSONProgress();
	return options.isTerminal ? new BarProgress(ports) : new LineProgress();
}

/** One line: which unit it is now, or why there is none. */
function doneLine(port: string, { record, outcome }: Provisioned): string {
	const { deviceId, keyId, hardwareId } = record;
	const lock = record.details?.locked === true ? "locked" : "not locked";
	const happened = outcome === "present" ? "was provisioned before" : "provisioned";
	return printable(
		`${port}: ${deviceId} ${happened} (hardware ${hardwareId}, key ${keyId}, ${lock})`,
	);
}

function failedLine(port: string, error: unknown): string {
	const message = error instanceof Error ? error.message : String(error);
	return printable(`${port}: FAILED: ${message.split("\n").join(" ")}`);
}

class JSONProgress implements ProvisioningProgress {
	step(port: string, step: StationStep, percent: number | undefined): void {
		printJSON({ event: "step", port, step, ...(percent !== undefined && { percent }) });
	}

	done(port: string, { record, outcome }: Provisioned): void {
		printJSON({ event: "unit", port, ok: true, outcome, record });
	}

	failed(port: string, error: unknown): void {
		const message = error instanceof Error ? error.message : String(error);
		const code =
			error instanceof StationError || error instanceof FleetError ? error.code : "error";
		const refusal = error instanceof StationError ? error.refusal : undefined;
		const details = { code, message, ...(refusal !== undefined && { refusal }) };
		printJSON({ event: "unit", port, ok: false, ...details });
	}

	end(): void {}
}

class LineProgress implements ProvisioningProgress {
	readonly #last = new Map<string, StationStep>();

	step(port: string, step: StationStep): void {
		if (this.#last.get(port) === step) return;
		this.#last.set(port, step);
		printProgress(`${port}: ${STEP_TEXTS[step]}`);
	}

	done(port: string, provisioned: Provisioned): void {
		print(doneLine(port, provisioned));
	}

	failed(port: string, error: unknown): void {
		printProgress(failedLine(port, error));
	}

	end(): void {}
}

const BAR_FORMAT = "{port} [{bar}] {text}";
const INSTALL = STATION_STEPS.indexOf("install");

class BarProgress implements ProvisioningProgress {
	readonly #bars: cliProgress.MultiBar;
	readonly #byPort: ReadonlyMap<string, cliProgress.SingleBar>;
	readonly #lines: (() => void)[] = [];

	constructor(ports: readonly string[]) {
		const options = { format: BAR_FORMAT, hideCursor: true, stream: process.stderr, barsize: 24 };
		this.#bars = new cliProgress.MultiBar(options, cliProgress.Presets.shades_classic);
		const width = Math.max(...ports.map((port) => port.length));
		const start = (port: string) =>
			this.#bars.create(STATION_STEPS.length, 0, { port: port.padEnd(width), text: "" });
		this.#byPort = new Map(ports.map((port) => [port, start(port)]));
	}

	step(port: string, step: StationStep, percent = 0): void {
		const index =
			STATION_STEPS.indexOf(step) + (step === STATION_STEPS[INSTALL] ? percent / 100 : 0);
		this.#byPort.get(port)?.update(index, { text: STEP_TEXTS[step] });
	}

	done(port: string, provisioned: Provisioned): void {
		this.#byPort.get(port)?.update(STATION_STEPS.length, { text: provisioned.record.deviceId });
		this.#lines.push(() => print(doneLine(port, provisioned)));
	}

	failed(port: string, error: unknown): void {
		this.#byPort.get(port)?.update({ text: "FAILED" });
		this.#lines.push(() => printProgress(failedLine(port, error)));
	}

	end(): void {
		this.#bars.stop();
		for (const show of this.#lines) show();
	}
}
