// What the supervisor is told and tells: its states, and the ports and callbacks that it works
// with. Types only.

import type {
	Clock,
	DeviceEvent,
	Entropy,
	Health,
	LinkSettings,
	NetworkLink,
	Timer,
} from "../ports.js";
import type { OpenSession, ResolverOptions } from "./attempt.js";
import type { BootRecord } from "./boot-record.js";
import type { FailureClass } from "./failure.js";
import type { Progress } from "./progress.js";
import type { Server } from "./server-list.js";
import type { Timings } from "./timings.js";

/** Every state but the first and the last ends by itself: its deadline is given behind it. */
export type SupervisorState =
	| "idle" // not started
	| "waiting" // backoff: until the delay is over
	| "link" // for an address: linkUpMs
	| "resolving" // the name: dnsMs
	| "securing" // TCP and TLS: what is left of connectMs
	| "joining" // CONNECT is sent, CONNACK is not here: what is left of connectMs
	| "online" // accepted, not yet proved: stableMs with progress, silenceMs without
	| "stable" // proved: silenceMs after the last progress
	| "stopped";

/** What goes with a state, for a person or a log. */
export interface StateDetail {
	readonly server?: Server;
	readonly failureClass?: FailureClass;
	readonly delayMs?: number;
}

export interface SupervisorOptions {
	readonly timer: Timer;
	readonly clock: Clock;
	readonly entropy: Entropy;
	readonly link: NetworkLink;
	readonly linkSettings?: () => LinkSettings;
	readonly resolver: ResolverOptions;
	/** Primary first. */
	readonly servers: () => readonly Server[];
	readonly timings: Timings;
	/** Has begun. */
	readonly bootRecord: BootRecord;
	/** The supervisor registers itself as the task "link" and tells its states as stages. */
	readonly progress?: Progress;
	readonly openSession: OpenSession;
	/** Longest silence of a working session; above 1.5 keep-alives. Without it timings.silenceMs. */
	readonly silenceMs?: () => number;
	readonly health?: () => Health;
	/** Looks at time and credentials before each attempt; a class stops the attempt as a failure. */
	readonly beforeAttempt?: () => FailureClass | undefined;
	/** A row of failures: ask for the time again, read the credentials anew. */
	readonly recheck?: () => void;
	/** Memory is short: drop what can be made again. */
	readonly freeMemory?: () => void;
	/** Restarts the device; the reboot is already paid for. */
	readonly restart: (cause: string) => void;
	readonly onState?: (state: SupervisorState, detail: StateDetail) => void;
	readonly onEvent?: (event: DeviceEvent) => void;
}
