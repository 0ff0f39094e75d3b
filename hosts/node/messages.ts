// What the board (parent process) and the device (child process) tell each other. The board is the
// hardware: power, watchdog, USB, network. Everything is carried by the IPC channel of the two.
import type { DeviceEvent, ResetReason } from "../../src/ports.js";
import type { WallSetting } from "./clock.js";

/** How a device process is started: its only argument, as JSON. */
export interface DeviceArguments {
	/** Process id of the board: without it the device ends. */
	readonly boardProcess: number;
	readonly stateFolder: string;
	readonly bundlePath: string;
	readonly timeScale?: number | undefined;
	readonly sampleIntervalMs?: number | undefined;
	readonly flashSync: "always" | "none";
	readonly flashKiB: number;
	readonly seed: number;
	readonly wall: WallSetting;
	readonly hardwareId: string;
	readonly isNetworkCut: boolean;
	readonly lastReset: { readonly reason: ResetReason; readonly stage: string };
}

export type DeviceMessage =
	| { readonly kind: "event"; readonly event: DeviceEvent }
	| { readonly kind: "serial"; readonly bytes: Uint8Array }
	| { readonly kind: "watchdog-start"; readonly timeoutMs: number }
	| { readonly kind: "watchdog-feed" }
	| { readonly kind: "watchdog-close" }
	| { readonly kind: "retain"; readonly stage: string };

export type BoardMessage =
	| { readonly kind: "serial"; readonly bytes: Uint8Array }
	/** So many bytes have left the device's serial port. */
	| { readonly kind: "serial-sent"; readonly byteLength: number }
	| { readonly kind: "cut-network" }
	| { readonly kind: "restore-network" }
	/** Stops the device in order, then the process ends. */
	| { readonly kind: "stop" }
	/** Misbehaviours for tests: an endless loop, an uncaught exception, a restart asked for. */
	| { readonly kind: "hang" }
	| { readonly kind: "crash" }
	| { readonly kind: "restart" };

/** Exit codes by which the device process tells why it ended. */
export const EXIT_STOPPED = 0;
export const EXIT_RESTART = 70;
export const EXIT_ABORT = 71;
/** The board is gone. */
export const EXIT_ORPHANED = 72;
/** The bundle could not be loaded: starting again would not help. */
export const EXIT_NO_BUNDLE = 73;
