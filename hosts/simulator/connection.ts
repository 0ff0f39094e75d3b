// One simulated TCP connection between a board and a server: two pipes and the ways in which they
// end. The server's end is what simulated servers program against; the board's is tcp.ts.

import type { NetworkInterface } from "./network-interface.js";
import { Pipe, type PipeReceiver } from "./pipe.js";
import type { Random } from "./random.js";

/** How a connection ended that this side did not end. */
export type Ending = "closed" | "reset";

/** A server's end of a connection. Nothing is called back once it is closed or reset from here. */
export interface ServerConnection {
	readonly id: number;
	/** The name of the interface at the other end. */
	readonly from: string;
	/** Takes `bytes` over; there is always room. */
	write(bytes: Uint8Array): void;
	/** In order: what was written arrives first. */
	close(): void;
	reset(): void;
	/** Back-pressure: what arrives stays in the network. */
	stopReading(): void;
	resumeReading(): void;
	onData?: ((bytes: Uint8Array) => void) | undefined;
	/** Once: the other end is gone. */
	onClosed?: ((how: Ending) => void) | undefined;
}

/** The board's end, as the connection sees it. */
export interface BoardEnd extends PipeReceiver {
	/** `byteLength` of what was sent has arrived. */
	acknowledged(byteLength: number): void;
	/** Over, without a reason: that is all that TCP tells. */
	ended(): void;
}

/** What a server's kernel takes in at once. */
const SERVER_ROOM_BYTES = 65_536;

export class Connection implements ServerConnection {
	readonly id: number;
	readonly from: string;
	onData: ((bytes: Uint8Array) => void) | undefined;
	onClosed: ((how: Ending) => void) | undefined;
	readonly #path: NetworkInterface;
	readonly #up: Pipe;
	readonly #down: Pipe;
	readonly #serverEnd: ServerEnd;
	#board: BoardEnd | undefined;
	#isServerOpen = true;
	#isForgotten = false;
	#lastCarriedMs: number;
	#carriedBytes = 0;

	/** For {@link VirtualNetwork} alone. */
	constructor(id: number, path: NetworkInterface, board: BoardEnd, random: Random) {
		this.id = id;
		this.from = path.name;
		this.#path = path;
		this.#board = board;
		this.#lastCarriedMs = path.network.clock.monotonicMs();
		this.#serverEnd = new ServerEnd(this, () => this.#endServer("closed"));
		const common = {
			clock: path.network.clock,
			random,
			path,
			carry: (byteLength: number) => this.#carry(byteLength),
			isForgotten: () => this.#checkForgotten(),
			onExhausted: () => this.#break(),
		};
		this.#up = new Pipe({
			...common,
			receiver: () => (this.#isServerOpen ? this.#serverEnd : undefined),
			onDelivered: (byteLength) => {
				path.bytesSent += byteLength;
				this.#board?.acknowledged(byteLength);
			},
			onOrphaned: () => this.#endBoard(),
			onGivenUp: () => this.#endBoard(),
		});
		this.#down = new Pipe({
			...common,
			receiver: () => this.#board,
			onDelivered: (byteLength) => void (path.bytesReceived += byteLength),
			onOrphaned: () => this.#endServer("reset"),
			onGivenUp: () => this.#endServer("reset"),
		});
	}

	// ------------------------------------------------------------ the server's end

	write(bytes: Uint8Array): void {
		if (this.#isServerOpen) this.#down.push(bytes);
	}

	close(): void {
		if (!this.#isServerOpen) return;
		this.#isServerOpen = false;
		this.#down.finish();
	}

	/** A reset that is lost on its way is not sent again: the board learns of it when it sends. */
	reset(): void {
		if (!this.#isServerOpen) return;
		this.#isServerOpen = false;
		this.#down.clear();
		const { network, latencyMs } = this.#path;
		network.clock.schedule(() => {
			if (this.#path.isPassing && !this.#checkForgotten()) this.#endBoard();
		}, latencyMs);
	}

	stopReading(): void {
		this.#serverEnd.room = 0;
	}

	resumeReading(): void {
		this.#serverEnd.room = SERVER_ROOM_BYTES;
		this.#up.resume();
	}

	// ------------------------------------------------------------ the board's end

	/** Takes `bytes` over. */
	send(bytes: Uint8Array): void {
		this.#path.network.tap?.(this, bytes);
		this.#up.push(bytes);
	}

	/** The board read something: there is room again. */
	hasRead(): void {
		this.#down.resume();
	}

	/** In order: what was sent arrives first. */
	closeBoard(): void {
		this.#board = undefined;
		this.#up.finish();
	}

	/** The board is gone without a word; what it had sent and nobody has yet is lost. */
	loseBoard(): void {
		this.#board = undefined;
		this.#up.clear();
	}

	// ------------------------------------------------------------ both

	/** How many of `byteLength` bytes may pass. */
	#carry(byteLength: number): number {
		this.#lastCarriedMs = this.#path.network.clock.monotonicMs();
		const { resetAfterBytes = Infinity } = this.#path;
		const allowed = Math.max(0, Math.min(byteLength, resetAfterBytes - this.#carriedBytes));
		this.#carriedBytes += allowed;
		return allowed;
	}

	#checkForgotten(): boolean {
		const { natTimeoutMs = Infinity, network } = this.#path;
		const idleMs = network.clock.monotonicMs() - this.#lastCarriedMs;
		if (idleMs > natTimeoutMs) this.#isForgotten = true;
		return this.#isForgotten;
	}

	/** Reset on the way: both ends hear of it. */
	#break(): void {
		this.#up.clear();
		this.#down.clear();
		this.#endBoard();
		this.#endServer("reset");
	}

	#endBoard(): void {
		const board = this.#board;
		if (!board) return;
		this.#board = undefined;
		this.#up.clear();
		this.#path.resets++;
		board.ended();
	}

	#endServer(how: Ending): void {
		if (!this.#isServerOpen) return;
		this.#isServerOpen = false;
		if (how === "closed") this.#down.finish();
		else this.#down.clear();
		this.onClosed?.(how);
	}
}

class ServerEnd implements PipeReceiver {
	room = SERVER_ROOM_BYTES;
	readonly #connection: Connection;
	readonly finished: () => void;

	constructor(connection: Connection, onFinished: () => void) {
		this.#connection = connection;
		this.finished = onFinished;
	}

	receive(bytes: Uint8Array): void {
		this.#connection.onData?.(bytes);
	}

	settle(): void {}
}
