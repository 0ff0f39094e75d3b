// The path between one board and the rest of the world, with everything that can be wrong with it.
// All faults can be set and cleared at any time; they are plain fields.

import type { TCPConstructor } from "../../src/ports.js";
import type { Gate } from "./gate.js";
import { tcpConstructor } from "./tcp.js";
import type { VirtualNetwork } from "./network.js";

const LATENCY_MS = 20;

export class NetworkInterface {
	/** One way. */
	latencyMs = LATENCY_MS;
	/** Up to so much more, at random. Order is kept. */
	jitterMs = 0;
	/** The part of all segments that is lost. TCP sends them again: to it, loss is delay. */
	lossRate = 0;
	/** In each direction of each connection, from 1 upwards. */
	bytesPerSecond = Infinity;
	/** The most bytes that arrive at once: 1 delivers every byte by itself. */
	segmentBytes = Infinity;
	/** Each connection is reset when it has carried so many bytes, both directions together. */
	resetAfterBytes: number | undefined;
	/** Everything vanishes, and nobody is told: established connections become half-open. */
	isBlackHole = false;
	/** A connection that was idle for longer is forgotten for ever, without a word. */
	natTimeoutMs: number | undefined;
	/** New connections end at a portal that speaks no TLS, whatever their address. */
	isCaptive = false;
	/** New connections are refused. */
	refuse = false;
	/** There is an address that works. Belongs to the link, which alone sets it. */
	isUp = true;

	/** Attempts to connect, and those that were answered by whoever listens. */
	attempts = 0;
	connects = 0;
	resets = 0;
	/** Bytes that the board sent and received, as TCP carries them. */
	bytesSent = 0;
	bytesReceived = 0;

	readonly name: string;
	readonly network: VirtualNetwork;

	/** For {@link VirtualNetwork} alone. */
	constructor(name: string, network: VirtualNetwork) {
		this.name = name;
		this.network = network;
	}

	/** The TCP port of a program without a gate of its own. */
	get tcp(): TCPConstructor {
		return this.tcpThrough(this.network.openGate);
	}

	/** The TCP port of one boot. */
	tcpThrough(gate: Gate): TCPConstructor {
		return tcpConstructor(this, gate);
	}

	/** Whether a segment sent now can arrive at all. */
	get isPassing(): boolean {
		return this.isUp && !this.isBlackHole;
	}

	/** Takes every fault away; the link keeps its own. */
	heal(): void {
		this.latencyMs = LATENCY_MS;
		this.jitterMs = 0;
		this.lossRate = 0;
		this.bytesPerSecond = Infinity;
		this.segmentBytes = Infinity;
		this.resetAfterBytes = undefined;
		this.isBlackHole = false;
		this.natTimeoutMs = undefined;
		this.isCaptive = false;
		this.refuse = false;
	}
}
