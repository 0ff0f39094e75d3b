// A connection that has ended, on XS: prints how many slots the heap holds before it, with it, and
// after its end. What it leads to is large enough to be told from everything else.

import { LinuxTimer } from "../../../hosts/linux/linux-timer.js";
import { program } from "../../../hosts/linux/program.js";
import { MQTTClient } from "../../../src/mqtt/client.js";
import { Session } from "../../../src/mqtt/session.js";
import type { SocketCallbacks } from "../../../src/ports.js";

const OBJECTS = 500;
const timer = new LinuxTimer();

class SilentSocket {
	readonly #callbacks: SocketCallbacks;

	constructor(callbacks: SocketCallbacks) {
		this.#callbacks = callbacks;
		timer.set(() => this.#open(), 1);
	}

	#open(): void {
		this.#callbacks.onWritable?.(1000);
	}

	read(): undefined {}

	write(): number {
		return 1000;
	}

	close(): void {}
}

function connect(): MQTTClient {
	const owner = Array.from({ length: OBJECTS }, (_, index) => ({ index }));
	return new MQTTClient({
		socket: { io: SilentSocket as never },
		clock: { monotonicMs: () => 0 },
		timer,
		session: new Session({}),
		connect: { id: "a", clean: true, keepAliveSeconds: 10 },
		onClosed: () => program.print(String(owner.length)),
		onMessage: () => undefined,
	} as never);
}

function slots(): number {
	return program.memory({ isCollecting: true }).slotCount;
}

/** In use before the connection, with it, and after its end. */
const counts: number[] = [];
let client: MQTTClient | undefined;

/** One step each: a connection whose figures do not count, and another one. */
const steps: readonly (() => void)[] = [
	() => (client = connect()),
	() => client?.close(),
	() => (client = undefined),
	() => counts.push(slots()),
	() => (client = connect()),
	() => counts.push(slots()),
	() => client?.close(),
	() => (client = undefined),
	() => counts.push(slots()),
];

// The steps hold the code in memory to the end.
let step = 0;
timer.repeat(() => {
	steps[step++]?.();
	if (step <= steps.length) return;
	program.print(JSON.stringify(counts));
	program.exit(0);
}, 10);
