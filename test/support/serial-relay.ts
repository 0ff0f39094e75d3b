// A cable between two real pseudo-terminals, the board's and one that the station opens. It counts
// the frames of both directions, can put garbage in front of each, and can be pulled out in the
// middle of one.
import { SerialPort } from "serialport";
import { PseudoTerminal } from "../../hosts/node/pseudo-terminal.js";
import { FrameReader } from "../../src/provisioning/frame.js";
import { decodeMessage } from "../../src/provisioning/messages.js";
import { BAUD_RATE } from "../../tools/provision/serial-station-port.js";

export type Direction = "to-device" | "to-station";

export interface RelayOptions {
	/** The board's end. */
	readonly devicePath: string;
	/**
	 * Half of this frame passes, and then nothing ever more. Counted from 1, both directions
	 * together, and without what is sent again: how often that happens is chance.
	 */
	readonly unplugAt?: number;
	/** What is on the wire before the next frame. */
	readonly garbage?: (direction: Direction) => Uint8Array;
}

const DELIMITER = 0;

export class SerialRelay {
	/** The messages that passed, in their order: "to-device hello". */
	readonly messages: string[] = [];
	readonly #options: RelayOptions;
	readonly #board: SerialPort;
	readonly #last: Partial<Record<Direction, Buffer>> = {};
	readonly #buffered = { "to-device": Buffer.alloc(0), "to-station": Buffer.alloc(0) };
	#terminal!: PseudoTerminal;
	#isUnplugged = false;

	private constructor(options: RelayOptions) {
		this.#options = options;
		const { devicePath: path } = options;
		this.#board = new SerialPort({ path, baudRate: BAUD_RATE, autoOpen: false });
	}

	static async open(options: RelayOptions): Promise<SerialRelay> {
		const relay = new SerialRelay(options);
		const board = relay.#board;
		relay.#terminal = await PseudoTerminal.open({
			onData: (bytes) => relay.#arrived("to-device", bytes),
		});
		board.on("data", (bytes: Buffer) => relay.#arrived("to-station", bytes));
		await new Promise<void>((resolve, reject) => {
			board.open((error) => (error ? reject(error) : resolve()));
		});
		return relay;
	}

	/** What the station opens. It goes away when the cable is pulled out. */
	get path(): string {
		return this.#terminal.path;
	}

	get isUnplugged(): boolean {
		return this.#isUnplugged;
	}

	async close(): Promise<void> {
		this.#isUnplugged = true;
		this.#terminal.close();
		await new Promise<void>((resolve) => {
			if (this.#board.isOpen) this.#board.drain(() => this.#board.close(() => resolve()));
			else resolve();
		});
	}

	#arrived(direction: Direction, bytes: Uint8Array): void {
		this.#buffered[direction] = Buffer.concat([this.#buffered[direction], bytes]);
		for (;;) {
			const buffered = this.#buffered[direction];
			const start = buffered.findIndex((byte) => byte !== DELIMITER);
			const end = start < 0 ? -1 : buffered.indexOf(DELIMITER, start);
			if (end < 0) return;
			this.#buffered[direction] = buffered.subarray(end + 1);
			this.#pass(direction, buffered.subarray(0, end + 1));
		}
	}

	#pass(direction: Direction, frame: Buffer): void {
		if (this.#isUnplugged) return;
		const { unplugAt, garbage } = this.#options;
		const name = nameIn(frame);
		// What a booting chip prints is passed on, and is no frame.
		const isCounted = name !== undefined && this.#last[direction]?.equals(frame) !== true;
		if (!isCounted) return this.#write(direction, frame);
		this.#last[direction] = frame;
		this.messages.push(`${direction} ${name}`);
		if (garbage !== undefined) this.#write(direction, garbage(direction));
		if (this.messages.length !== unplugAt) return this.#write(direction, frame);
		this.#write(direction, frame.subarray(0, frame.length >> 1));
		void this.close();
	}

	#write(direction: Direction, bytes: Uint8Array): void {
		if (direction === "to-station") this.#terminal.write(bytes);
		else this.#board.write(Buffer.from(bytes));
	}
}

function nameIn(frame: Uint8Array): string | undefined {
	let name: string | undefined;
	const reader = new FrameReader((bytes) => {
		const read = decodeMessage(bytes);
		if (read.kind !== "invalid") ({ name } = read.message);
	});
	reader.feed(frame);
	return name;
}
