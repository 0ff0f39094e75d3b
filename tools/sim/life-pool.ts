// Workers on all cores, each of which lives one life at a time. Results come in the order in which
// lives end; nothing depends on that order.

import { Worker } from "node:worker_threads";
import type { LifeAnswer, LifeJob } from "./life-worker.js";

export type Lived = Extract<LifeAnswer, { kind: "lived" }>;
export type Shrunken = Extract<LifeAnswer, { kind: "shrunk" }>;

const WORKER = new URL("./sim-worker.js", import.meta.url);

export class LifePool {
	readonly #jobs: number;
	readonly #workers: Worker[] = [];

	/** `jobs` workers at most; each is started when it is first needed. */
	constructor(jobs: number) {
		this.#jobs = jobs;
	}

	/** Runs all of `requests`; `onLived` may return false to leave out the rest. */
	async liveAll(requests: Iterable<LifeJob>, onLived: (lived: Lived) => boolean): Promise<void> {
		const waiting = requests[Symbol.iterator]();
		let isOver = false;
		const turn = async (index: number): Promise<void> => {
			while (!isOver) {
				const next = waiting.next();
				if (next.done === true) return;
				const answer = (await this.#ask(index, next.value)) as Lived;
				if (!onLived(answer)) isOver = true;
			}
		};
		await Promise.all(Array.from({ length: this.#jobs }, (_, index) => turn(index)));
	}

	/** The shortest failing life that is found in time. */
	async shrink(job: Extract<LifeJob, { kind: "shrink" }>): Promise<Shrunken> {
		return (await this.#ask(0, job)) as Shrunken;
	}

	async close(): Promise<void> {
		await Promise.all(this.#workers.map((worker) => worker.terminate()));
	}

	#ask(index: number, job: LifeJob): Promise<LifeAnswer> {
		const worker = (this.#workers[index] ??= new Worker(WORKER));
		return new Promise((resolve, reject) => {
			const settle = (act: () => void) => {
				worker.off("message", onMessage).off("error", onError).off("exit", onExit);
				act();
			};
			const onMessage = (answer: LifeAnswer) => settle(() => resolve(answer));
			const onError = (error: Error) => settle(() => reject(error));
			const onExit = () => settle(() => reject(new Error("a worker of the simulator ended")));
			worker.on("message", onMessage).on("error", onError).on("exit", onExit);
			worker.postMessage(job);
		});
	}
}
