// What is demanded when nothing is wrong any more: each device is online within the bound, delivers
// what it holds, obeys its operator, uploads its log, and goes on reading.

import { SUBSCRIBE_AGAIN_MS } from "../../../src/limits.js";
import type { SimulatedBoard } from "../board.js";
import { checkNothingLost, storedMessages } from "./checkers.js";
import type { DeviceWatch, Find } from "./device-watch.js";
import type { Stage } from "./stage.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Healed and online: so long, and two readings more, until the outbox is empty. */
const DRAIN_MS = 10 * MINUTE;
/** Online for so long, a device has its subscription, also one that was refused before. */
const SUBSCRIBED_MS = SUBSCRIBE_AGAIN_MS + MINUTE;
/** From storing a reading to its removal from flash, where nothing is in the way. */
const REMOVAL_MS = 2 * MINUTE;
/** The choice of {@link Commands.genuine} that asks for a report. */
const REPORT = 5;

/** Lives on until `endMs`, or until `isDone` says so; not beyond a finding. */
export type RunUntil = (endMs: number, isDone: () => boolean) => void;

export class Convergence {
	readonly #stage: Stage;
	readonly #watches: readonly DeviceWatch[];
	readonly #find: readonly Find[];

	constructor(stage: Stage, watches: readonly DeviceWatch[], find: readonly Find[]) {
		this.#stage = stage;
		this.#watches = watches;
		this.#find = find;
	}

	run(backMs: number, runUntil: RunUntil): void {
		const { clock, boards, commands, options } = this.#stage;
		const never = () => false;
		const wait = (ms: number) => runUntil(clock.monotonicMs() + ms, never);
		const isBack = () => this.#watches.every(({ isOnline }) => isOnline);
		runUntil(clock.monotonicMs() + backMs, isBack);
		this.#watches.forEach((watch, index) => {
			if (!watch.isOnline) this.#find[index]?.("link-back", "healed, and not online");
		});
		const before = this.#watches.map(({ ledger }) => ledger.accepted);
		const logged = this.#watches.map(({ log }) => log.newestStored());
		wait(SUBSCRIBED_MS);
		const asked = boards.map((_, index) =>
			this.#stage.send(index, commands.genuine(index, REPORT)),
		);
		wait(DRAIN_MS + 2 * options.sampleIntervalMs - SUBSCRIBED_MS - REMOVAL_MS);
		const through = this.#watches.map(({ ledger }) => ledger.newestAccepted);
		wait(REMOVAL_MS);
		boards.forEach((board, index) => {
			const watch = this.#watches[index] as DeviceWatch;
			const find = this.#find[index] as Find;
			checkNothingLost(board, watch, find);
			checkDelivered(board, watch, through[index] as number, find);
			const problem = watch.log.problem(logged[index]);
			if (problem !== undefined) find("log-verifies", problem);
			this.#checkAnswered(asked[index] as Uint8Array, find);
			if (watch.ledger.accepted === before[index]) {
				find("readings-go-on", "healed, and no reading was accepted");
			}
		});
	}

	/** Without a time a command that expires cannot be obeyed: it is refused, and that is told. */
	#checkAnswered(command: Uint8Array, find: Find): void {
		const { commands, options } = this.#stage;
		const fate = commands.fateOf(command);
		// One that was obeyed is refused where another broker still holds it.
		const isRefused = fate?.isRefused === true && fate.obeyed === 0;
		if (!options.hasNetworkTime && isRefused) return;
		if (isRefused) return find("commands-answered", "healed, and it was refused");
		if (fate?.obeyed !== 1) return find("commands-answered", "healed, and it was not obeyed");
		if (!fate.isAnswered) find("commands-answered", "obeyed, and no result arrived");
	}
}

/** What was accepted up to `through` has left the device, and gap records count what did not. */
function checkDelivered(
	board: SimulatedBoard,
	watch: DeviceWatch,
	through: number,
	find: Find,
): void {
	const held = [...(storedMessages(board)?.sequences ?? [])].filter((each) => each <= through);
	if (held.length > 0) {
		find("everything-delivered", `healed, and ${held.length} messages are still held`);
	}
	const gap = watch.ledger.miscounted();
	if (gap === undefined) return;
	const { first, last, count, missing } = gap;
	find("gaps-counted", `${count} from ${first} to ${last}, and ${missing} are missing`);
}
