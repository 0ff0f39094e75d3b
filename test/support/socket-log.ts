// Records what a socket of the host tells its owner, for tests to wait for and to look at.
import type { PortError, Socket, SocketCallbacks } from "../../src/ports.js";

/** Longer than any test of its users may take. */
const UNTIL_MS_MAX = 120_000;

export class SocketLog {
	readonly events: string[] = [];
	readonly received: Buffer[] = [];
	socket: Socket | undefined;
	/** Read at once what can be read. */
	isReading = true;

	readonly callbacks: Required<SocketCallbacks> = {
		onReadable: (byteLength) => {
			this.events.push(`readable ${byteLength}`);
			if (this.isReading) this.read();
		},
		onWritable: (byteLength) => {
			this.events.push(`writable ${byteLength}`);
		},
		onError: (error?: PortError) => {
			this.events.push(`error ${error?.code ?? ""}`.trim());
		},
	};

	read(): void {
		const bytes = this.socket?.read();
		if (bytes) this.received.push(Buffer.from(bytes));
	}

	get text(): string {
		return Buffer.concat(this.received).toString();
	}

	get isWritable(): boolean {
		return this.events.some((event) => event.startsWith("writable"));
	}

	get error(): string | undefined {
		return this.events.find((event) => event.startsWith("error"));
	}
}

/**
 * Waits until `condition` holds. The test's own timeout is the limit; a test that is over is waited
 * for no longer, or it would keep its process busy.
 */
export async function until(condition: () => boolean): Promise<void> {
	const end = performance.now() + UNTIL_MS_MAX;
	while (!condition()) {
		if (performance.now() > end) throw new Error("waited for too long");
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
}

/** Lets whatever is under way in the event loop happen. */
export async function settle(milliseconds = 30): Promise<void> {
	await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
