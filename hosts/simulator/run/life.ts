// Runs one plan: a safety phase in which its faults happen, then everything is healed and the
// devices must converge. The first finding ends it. The same plan gives the same result on any
// engine.

import { crc32 } from "../../../src/bytes/crc32.js";
import type { ByteSource } from "../../../src/ports.js";
import type { Ed25519Operations } from "../ed25519-crypto.js";
import { World } from "../world.js";
import { kindNamed } from "./catalogue.js";
import { AttemptsSpread } from "./attempts-spread.js";
import { BrokenBoards } from "./broken-boards.js";
import { BrokerWatch } from "./broker-watch.js";
import { checkMemory, checkNothingLost } from "./checkers.js";
import { Convergence } from "./convergence.js";
import { DeviceWatch } from "./device-watch.js";
import type { Fault, FaultKind } from "./fault.js";
import { FaultTimes } from "./fault-times.js";
import type { Finding } from "./finding.js";
import { LinkBounds } from "./link-bounds.js";
import { PlaintextCheck } from "./plaintext-check.js";
import type { Plan } from "./plan.js";
import { RebootCauses } from "./reboot-causes.js";
import type { Stage } from "./stage.js";
import { countOne, Statistics } from "./statistics.js";
import { buildStage, SECRETS } from "./theatre.js";
import { mixRemains, Trace } from "./trace.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How often a life looks at what no event tells. */
const LOOK_MS = 5 * MINUTE;
/** Power that failed at a write comes back after so long. */
const POWER_BACK_MS = 3 * SECOND;
/** So long after the last fault nothing of it is left but what the longest keep-alive hides. */
const CALM_MS = HOUR;
/** For an answer that takes its time, on top of 1.5 keep-alives. */
const NOTICE_SLACK_MS = 30 * SECOND;

export interface LifeParts {
	readonly sha256: (bytes: ByteSource) => ArrayBuffer;
	/** For the lives that use them; without, they run on the stand-ins too. */
	readonly ed25519?: Ed25519Operations;
	/** Lines for a person, and not the digest alone. */
	readonly keepsTrace?: boolean;
}

export interface LifeResult {
	readonly statistics: Statistics;
	/** Of everything that happened, every byte published, and all that is left on the chips. */
	readonly digest: string;
	readonly finding?: Finding;
	readonly trace: readonly string[];
}

export function runLife(plan: Plan, parts: LifeParts): LifeResult {
	return new Life(plan, parts).run();
}

class Life {
	readonly #plan: Plan;
	readonly #world: World;
	readonly #stage: Stage;
	readonly #trace: Trace;
	readonly #statistics = new Statistics();
	readonly #watches: readonly DeviceWatch[];
	readonly #times: FaultTimes;
	readonly #brokers: BrokerWatch;
	readonly #spread: AttemptsSpread;
	readonly #active = new Set<Fault>();
	readonly #rebootCauses: RebootCauses;
	readonly #broken: BrokenBoards;
	/** When the newest fault ended, or happened. */
	#disturbedMs = 0;
	readonly #bounds: LinkBounds;
	#finding: Finding | undefined;

	constructor(plan: Plan, parts: LifeParts) {
		const { options, seed } = plan;
		const { sha256, ed25519 } = parts;
		const isReal = options.hasRealKeys && ed25519 !== undefined;
		const world = new World({ seed, sha256, ...(isReal && { ed25519 }) });
		this.#plan = plan;
		this.#world = world;
		this.#bounds = new LinkBounds(world.clock, options.keepAliveS);
		this.#trace = new Trace({ clock: world.clock, keepsLines: parts.keepsTrace === true });
		this.#stage = buildStage({
			world,
			options,
			onPublish: (message) => {
				const index = this.#stage.boards.findIndex(({ name }) => name === message.client);
				this.#trace.note(message.client, "published", {
					topic: message.topic,
					bytes: message.payload.length,
					crc: crc32(message.payload),
					id: message.packetId,
				});
				this.#watches[index]?.delivered(message);
			},
			onFinding: ({ client, clause, detail }) =>
				this.#find("protocol-kept", `${clause}: ${detail}`, client),
			onClient: (broker, client, what) => {
				this.#trace.note(`broker-${broker + 1}`, what, { client });
				this.#brokers.changed(broker, client, what);
			},
			onExpired: (client) => this.#brokers.expired(client),
			onAcknowledged: (client, payload) => this.#acknowledged(client, payload),
		});
		const { clock, places, boards } = this.#stage;
		this.#broken = new BrokenBoards(boards);
		this.#rebootCauses = new RebootCauses(clock);
		this.#brokers = new BrokerWatch({
			clock,
			places,
			boards,
			tickets: this.#stage.tickets,
			find: (checker, what, device) => this.#find(checker, what, device),
			isCalmBut: (kind) => this.#isCalm(kind),
			isTimeSound: () => plan.faults.every(({ kind }) => kindNamed(kind).family !== "clock"),
		});
		this.#spread = new AttemptsSpread(options.devices, {
			clock,
			onHerd: (device, other) =>
				this.#find("attempts-spread", `always with ${this.#nameOf(other)}`, this.#nameOf(device)),
		});
		this.#times = new FaultTimes(options.devices, {
			clock: world.clock,
			statistics: this.#statistics,
			boundMs: (device) => this.#boundMs(device),
			noticeMs: options.keepAliveS * 1500 + NOTICE_SLACK_MS,
			onUnnoticed: (device, kind, afterMs) => {
				const minutes = Math.round(afterMs / MINUTE);
				if (this.#stage.boards[device]?.hasHung) return;
				this.#find("dead-link-noticed", `${kind}: not in ${minutes} min`, this.#nameOf(device));
			},
			onLate: (device, kind, afterMs) => {
				const minutes = Math.round(afterMs / MINUTE);
				this.#find("link-back", `${minutes} min after ${kind}`, this.#nameOf(device));
			},
		});
		this.#watches = this.#stage.boards.map((_, index) => this.#watch(index));
		this.#observeBytes();
	}

	run(): LifeResult {
		const { safetyMs, faults } = this.#plan;
		const { clock, boards } = this.#stage;
		try {
			for (const board of boards) board.powerOn();
			for (const fault of faults) clock.schedule(() => this.#begin(fault), fault.atMs);
			this.#runUntil(safetyMs, () => false);
			if (!this.#finding) this.#heal();
			if (!this.#finding) this.#converge();
		} catch (error) {
			// A bug of the world itself, and no reason to end all other lives.
			const { name, message, stack } = error as Error;
			this.#find("simulator", `${name}: ${message}`, undefined, stack);
		}
		this.#count();
		mixRemains(this.#trace, boards, this.#statistics);
		return {
			statistics: this.#statistics,
			digest: this.#trace.digest,
			trace: this.#trace.lines,
			...(this.#finding && { finding: this.#finding }),
		};
	}

	// ------------------------------------------------------------ phases

	/** Stops at the first finding, or where `isDone` says so. */
	#runUntil(endMs: number, isDone: () => boolean): void {
		const { clock } = this.#stage;
		while (!this.#finding && clock.monotonicMs() < endMs && !isDone()) {
			clock.runUntil(Math.min(endMs, clock.monotonicMs() + LOOK_MS));
			this.#look();
		}
	}

	/** What no event tells. */
	#look(): void {
		this.#times.check();
		this.#stage.boards.forEach((board, index) => {
			const find = this.#findFor(index);
			checkMemory(board, find);
			const { minimumFreeHeapBytes: least = 0 } = board.heap.health;
			const used = HEAP_BYTES - least;
			this.#watches[index]?.look();
			if (used > this.#statistics.heapHighWaterBytes) this.#statistics.heapHighWaterBytes = used;
		});
	}

	/** Nothing is wrong any more. What only a hand can mend gets one: the plug is pulled. */
	#heal(): void {
		this.#trace.note("world", "healed");
		for (const fault of [...this.#active]) this.#end(fault);
		for (const { broker, tls } of this.#stage.places) {
			broker.heal();
			const { tickets } = tls;
			Object.assign(tls, this.#stage.soundTLS(this.#placeIndex(broker)));
			if (tickets) tls.tickets = tickets;
		}
		this.#stage.boards.forEach((board, index) => {
			board.heal();
			board.path.latencyMs = this.#plan.options.latencyMs;
			board.clock.isSNTPBlocked = !this.#plan.options.hasNetworkTime;
			board.clock.poll();
			if (!this.#broken.has(index) && !this.#watches[index]?.isSafe && !board.hasHung) return;
			this.#trace.note(board.name, "plug pulled");
			board.powerCut();
			this.#watches[index]?.lostPower();
			board.powerOn();
		});
	}

	#converge(): void {
		const { boards } = this.#stage;
		const findings = boards.map((_, index) => this.#findFor(index));
		const convergence = new Convergence(this.#stage, this.#watches, findings);
		const backMs = Math.max(...this.#watches.map((_, index) => this.#boundMs(index)));
		convergence.run(backMs + LOOK_MS, (endMs, isDone) => this.#runUntil(endMs, isDone));
		if (this.#finding) return;
		this.#brokers.checkResumption((checker, what) => this.#find(checker, what));
	}

	// ------------------------------------------------------------ faults

	#begin(fault: Fault): void {
		if (this.#finding) return;
		const kind = kindNamed(fault.kind);
		this.#trace.note("fault", fault.kind, {
			target: fault.target,
			durationMs: fault.durationMs,
			...fault.parameters,
		});
		countOne(this.#statistics.faults, fault.kind);
		this.#bounds.began(fault);
		const affected = this.#affected(fault, kind);
		this.#rebootCauses.began(fault, affected);
		if (kind.isMendedByRestart === true) this.#broken.add(fault.target);
		this.#disturbedMs = this.#nowMs();
		const watch = this.#watches[fault.target];
		if (watch && fault.kind === "entry-corrupted") watch.isBudgetLost = true;
		this.#times.began(fault, affected);
		kind.apply(this.#stage, fault);
		if (fault.durationMs === 0) return;
		this.#active.add(fault);
		this.#stage.clock.schedule(() => this.#end(fault), fault.durationMs);
	}

	#end(fault: Fault): void {
		if (!this.#active.delete(fault)) return;
		const kind = kindNamed(fault.kind);
		this.#trace.note("healed", fault.kind, { target: fault.target });
		this.#disturbedMs = this.#nowMs();
		this.#bounds.ended(fault);
		kind.heal?.(this.#stage, fault);
		this.#rebootCauses.ended(fault);
		this.#times.healed(fault, this.#affected(fault, kind));
	}

	/** Milliseconds in which the link of `device` must be back. */
	#boundMs(device: number): number {
		if (this.#broken.has(device)) return Infinity;
		return this.#bounds.ms(this.#watches[device] as DeviceWatch);
	}

	#affected(fault: Fault, kind: FaultKind): readonly number[] {
		return kind.isBrokers === true ? this.#watches.map((_, index) => index) : [fault.target];
	}

	/** No fault is active or was lately, but those of `kind`. */
	#isCalm(kind?: string): boolean {
		for (const active of this.#active) if (active.kind !== kind) return false;
		return this.#active.size > 0 || this.#nowMs() - this.#disturbedMs > CALM_MS;
	}

	// ------------------------------------------------------------ watching

	#watch(index: number): DeviceWatch {
		const board = this.#stage.boards[index] as Stage["boards"][number];
		const watch: DeviceWatch = new DeviceWatch({
			board,
			statistics: this.#statistics,
			find: this.#findFor(index),
			secrets: SECRETS,
			mayBite: () => board.hasHung,
			mayReboot: () => this.#broken.has(index) || this.#rebootCauses.mayReboot(index),
			brokenMs: () => this.#broken.forMs(index),
			onAttempt: () => this.#spread.attempted(index),
			onSuspicion: () => checkNothingLost(board, watch, this.#findFor(index)),
			onOnline: () => this.#times.online(index),
			onOffline: (isPlanned) => this.#times.offline(index, isPlanned),
			commands: this.#stage.commands.of(board.name),
			sampleIntervalMs: this.#plan.options.sampleIntervalMs,
		});
		let checkedMs = 0;
		board.onReport = (event) => {
			this.#trace.note(board.name, event.name, event);
			const wasOnTrial = watch.isOnTrial;
			watch.reported(event);
			if (wasOnTrial && !watch.isOnTrial) this.#times.mended(index);
			this.#brokers.reported(board.name, event);
		};
		board.onBoot = (reason) => {
			this.#trace.note(board.name, "boots", { reason });
			const [finding] = board.findings;
			if (finding) this.#find(finding.kind, finding.message, board.name, finding.stack);
			watch.booted(reason);
			if (this.#broken.restarted(index)) this.#times.mended(index);
			// Not after each of a thousand brownouts: what is lost stays lost.
			if (this.#nowMs() - checkedMs < LOOK_MS) return;
			checkedMs = this.#nowMs();
			checkNothingLost(board, watch, this.#findFor(index));
		};
		board.onPowerLost = () => {
			this.#trace.note(board.name, "power lost");
			watch.lostPower();
			this.#stage.clock.schedule(() => board.powerOn(), POWER_BACK_MS);
		};
		return watch;
	}

	#observeBytes(): void {
		const check = new PlaintextCheck(["holdfast/", ...SECRETS]);
		this.#world.network.observe((connection, bytes) => {
			const found = check.find(bytes);
			if (found !== undefined) {
				this.#find("nothing-in-plaintext", `"${found}" on the wire`, connection.from);
			}
		});
	}

	/** A command is acknowledged when its effect, or its refusal, is durable: not before. */
	#acknowledged(client: string, payload: Uint8Array): void {
		const fate = this.#stage.commands.fateOf(payload);
		if (fate?.isGenuine !== true || fate.obeyed > 0 || fate.isRefused) return;
		this.#find("commands-authentic", "acknowledged, and neither obeyed nor refused", client);
	}

	#findFor(index: number): (checker: string, what: string) => void {
		return (checker, what) => this.#find(checker, what, this.#nameOf(index));
	}

	/** The first one counts. */
	#find(checker: string, what: string, device?: string, stack = ""): void {
		if (this.#finding) return;
		this.#trace.note("FINDING", checker, { device, what });
		const atMs = this.#nowMs();
		this.#finding = { checker, atMs, what: what + stack, ...(device !== undefined && { device }) };
	}

	#nowMs(): number {
		return this.#world.clock.monotonicMs();
	}

	#nameOf(device: number): string {
		return this.#stage.boards[device]?.name ?? "";
	}

	#placeIndex(broker: object): number {
		return this.#stage.places.findIndex((place) => place.broker === broker);
	}

	// ------------------------------------------------------------ numbers

	#count(): void {
		const { counts } = this.#statistics;
		const { boards, tickets } = this.#stage;
		const nowMs = this.#nowMs();
		counts.lives = 1;
		counts.simulatedMs = nowMs * boards.length;
		boards.forEach(({ outboxChip, logChip, keyValue }, index) => {
			const { dropped = 0, open = 0 } = this.#watches[index]?.ledger ?? {};
			counts.readingsDropped += dropped;
			counts.readingsHeld += open - dropped;
			for (const chip of [outboxChip, logChip]) {
				counts.flashPrograms += chip.programs;
				for (const erases of chip.erases) counts.flashErases += erases;
				counts.blockMs += chip.blocks * nowMs;
			}
			counts.keyValueWrites += keyValue.writes;
		});
		for (const { full, resumed } of tickets) {
			counts.handshakesFull += full;
			counts.handshakesResumed += resumed;
		}
	}
}

/** What a board has free before anything runs. */
const HEAP_BYTES = 140_000;
