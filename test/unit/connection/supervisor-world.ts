// The world of the supervisor's unit tests: virtual time, a link, a resolver and sessions that do
// what the test says. No network and no broker: those are the simulator's.

import type { SessionEvents, SessionRequest } from "../../../src/connection/attempt.js";
import { BootRecord, type BootReport } from "../../../src/connection/boot-record.js";
import { Progress } from "../../../src/connection/progress.js";
import type { Server } from "../../../src/connection/server-list.js";
import { Supervisor } from "../../../src/connection/supervisor.js";
import type {
	SupervisorOptions,
	SupervisorState,
} from "../../../src/connection/supervisor-options.js";
import { DEFAULT_TIMINGS, type Timings } from "../../../src/connection/timings.js";
import type {
	DeviceEvent,
	NetworkLink,
	ResetReason,
	Resolver,
	ResolveOptions,
	Watchdog,
} from "../../../src/ports.js";
import { VirtualClock } from "../../../hosts/simulator/clock.js";
import { VirtualKeyValue } from "../../../hosts/simulator/key-value.js";
import { Random } from "../../../hosts/simulator/random.js";
import { VirtualTimer } from "../../../hosts/simulator/timer.js";

export class TestLink implements NetworkLink {
	isUp = true;
	restarts = 0;
	#onChanged: () => void = () => {};

	start(_settings: object, onChanged: () => void): void {
		this.#onChanged = onChanged;
	}

	set(isUp: boolean): void {
		this.isUp = isUp;
		this.#onChanged();
	}

	restart(): void {
		this.restarts++;
	}

	stop(): void {
		this.#onChanged = () => {};
	}
}

export class TestWatchdog implements Watchdog {
	feeds = 0;
	timeoutMs = 0;
	readonly stages: string[] = [];
	readonly lastReset: { reason: ResetReason; stage: string } = { reason: "power-on", stage: "" };

	start(timeoutMs: number): void {
		this.timeoutMs = timeoutMs;
	}

	feed(): void {
		this.feeds++;
	}

	retain(stage: string): void {
		this.stages.push(stage);
	}

	close(): void {
		this.timeoutMs = 0;
	}
}

export class TestSession {
	readonly request: SessionRequest;
	readonly events: SessionEvents;
	isClosed = false;

	constructor(request: SessionRequest, events: SessionEvents) {
		this.request = request;
		this.events = events;
	}

	close(): void {
		this.isClosed = true;
	}
}

export type Script = (session: TestSession, world: SupervisorWorld) => void;

export interface WorldOptions {
	readonly timings?: Timings;
	readonly seed?: number;
	readonly lastReset?: ResetReason;
	readonly keyValue?: VirtualKeyValue;
	readonly more?: Partial<SupervisorOptions>;
}

export class SupervisorWorld {
	readonly clock = new VirtualClock();
	readonly timer = new VirtualTimer(this.clock);
	readonly link = new TestLink();
	readonly watchdog = new TestWatchdog();
	readonly keyValue: VirtualKeyValue;
	readonly events: DeviceEvent[] = [];
	readonly states: SupervisorState[] = [];
	readonly sessions: TestSession[] = [];
	readonly attemptsAtMs: number[] = [];
	readonly restarts: string[] = [];
	readonly bootRecord: BootRecord;
	readonly bootReport: BootReport;
	readonly progress: Progress;
	readonly supervisor: Supervisor;
	readonly timings: Timings;
	servers: Server[] = [{ host: "primary", port: 8883 }];
	/** What a name does: "address" at once, "error" at once, or nothing for ever. */
	dns: "address" | "error" | "nothing" = "address";
	resolversOpen = 0;
	/** What a session does as soon as it is open. */
	script: Script = () => {};

	constructor(options: WorldOptions = {}) {
		const { clock, timer, watchdog } = this;
		const timings = options.timings ?? DEFAULT_TIMINGS;
		this.timings = timings;
		this.keyValue = options.keyValue ?? new VirtualKeyValue();
		const store = this.keyValue.open({ path: "hf-boot", format: "buffer" });
		this.bootRecord = new BootRecord({ store, clock, timings });
		this.bootReport = this.bootRecord.begin(options.lastReset ?? "power-on");
		this.progress = new Progress({ clock, timer, watchdog, timings });
		this.supervisor = new Supervisor({
			timer,
			clock,
			entropy: new Random(options.seed ?? 1),
			link: this.link,
			resolver: { io: this.#resolverClass() },
			servers: () => this.servers,
			timings,
			bootRecord: this.bootRecord,
			progress: this.progress,
			openSession: (request, events) => this.#open(request, events),
			restart: (cause) => this.restarts.push(cause),
			onState: (state) => this.states.push(state),
			onEvent: (event) => this.events.push(event),
			...options.more,
		});
	}

	get session(): TestSession {
		return this.sessions[this.sessions.length - 1] as TestSession;
	}

	named(name: string): DeviceEvent[] {
		return this.events.filter((event) => event.name === name);
	}

	get classes(): unknown[] {
		return this.named("connection-failed").map((event) => event["failureClass"]);
	}

	/** Moves time on until `condition` holds, at most for `limitMs`; whether it does. */
	until(condition: () => boolean, limitMs: number): boolean {
		const endMs = this.clock.monotonicMs() + limitMs;
		while (!condition() && (this.clock.nextEventMs ?? Infinity) <= endMs) this.clock.runNext();
		return condition();
	}

	/** Starts, and goes on until the session is online. */
	goOnline(): void {
		this.script = ACCEPT;
		this.supervisor.start();
		this.until(() => this.supervisor.state === "online", 60_000);
	}

	goStable(): void {
		this.goOnline();
		this.supervisor.progress("ping-response");
		this.until(() => this.supervisor.state === "stable", this.timings.stableMs + 1);
	}

	#open(request: SessionRequest, events: SessionEvents): TestSession {
		const session = new TestSession(request, events);
		this.sessions.push(session);
		this.attemptsAtMs.push(this.clock.monotonicMs());
		this.script(session, this);
		return session;
	}

	#resolverClass(): new () => Resolver {
		// eslint-disable-next-line @typescript-eslint/no-this-alias -- the class below needs the world
		const world = this;
		return class {
			constructor() {
				world.resolversOpen++;
			}

			resolve(options: ResolveOptions): void {
				if (world.dns === "address") options.onResolved(options.host, "192.0.2.1");
				if (world.dns === "error") options.onError(options.host);
			}

			close(): void {
				world.resolversOpen--;
			}
		};
	}
}

/** The session is accepted at once. */
export const ACCEPT: Script = (session) => {
	session.events.onSecured();
	session.events.onConnected();
};

/** The session ends at once, before TLS is up. */
export function refuse(code: string): Script {
	return (session) => session.events.onClosed(code);
}

/** The session is secured, and ends. */
export function refuseAfterTLS(code: string): Script {
	return (session) => {
		session.events.onSecured();
		session.events.onClosed(code);
	};
}
