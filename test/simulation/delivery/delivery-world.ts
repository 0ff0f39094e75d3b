// One state of the delivery of readings: the real outbox, sequence reservation, uplink, MQTT
// session, client and broker session on one side; a broker of a few lines that owes the device
// nothing on the other. It does one step at a time, and every step is the environment's choice.

import { createHash } from "node:crypto";
import { VirtualClock } from "../../../hosts/simulator/clock.js";
import { NORFlash } from "../../../hosts/simulator/flash.js";
import { VirtualKeyValue } from "../../../hosts/simulator/key-value.js";
import { PowerCut, PowerSupply, type CutManner } from "../../../hosts/simulator/power.js";
import type { Outbox } from "../../../src/outbox/outbox.js";
import { readFromClient } from "../../support/mqtt-reference-reader.js";
import { connack, puback, pubcomp, pubrec, suback } from "../../support/mqtt-server-bytes.js";
import { DeliveryDevice, type Plant, type Range } from "./delivery-device.js";
import { outsideAtFirst, type Answer, type Budget, type Held, type Outside } from "./outside.js";

/** `cut`: power fails at this storage operation of the step, counted from 1; 0 is before it. */
export interface Step {
	readonly act: "accept" | "connect" | "receive" | "answer" | "break" | "late" | "lose" | "flush";
	readonly cut?: { readonly operation: number; readonly manner: CutManner };
}

/** How to come to a state: storage and the outside at the last boot, and the steps since. */
export interface Recipe {
	readonly chip: NORFlash;
	readonly keyValue: VirtualKeyValue;
	readonly outside: Outside;
	readonly steps: readonly Step[];
}

export interface WorldOptions {
	readonly QoS: 1 | 2;
	readonly budget: Budget;
	readonly plant?: Plant;
	/** The broker takes a QoS 2 message at its PUBREL, and not at its PUBLISH. */
	readonly deliversAtRelease?: boolean;
	/** It begins with an outbox that has no room for another reading, and there is no network. */
	readonly isFull?: boolean;
}

const BLOCKS = 4;
const ACKNOWLEDGE_LATE_MS = 31_000;

export class DeliveryWorld {
	readonly #options: WorldOptions;
	readonly #power = new PowerSupply();
	#chip: NORFlash;
	#keyValue: VirtualKeyValue;
	#outside: Outside;
	#device!: DeliveryDevice;
	#recipe!: Recipe;

	/** The first state, or the one of `recipe`. */
	constructor(options: WorldOptions, recipe?: Recipe) {
		this.#options = options;
		const power = this.#power;
		this.#chip = recipe?.chip.copy(power) ?? new NORFlash({ blocks: BLOCKS, power });
		this.#keyValue = recipe?.keyValue.copy(power) ?? new VirtualKeyValue({ power });
		this.#outside = structuredClone(recipe?.outside ?? outsideAtFirst(options.budget));
		this.#boot();
		if (recipe === undefined) {
			if (options.isFull === true) this.#fill();
			this.#keep();
			return;
		}
		this.#recipe = { ...recipe, steps: [] };
		for (const step of recipe.steps) this.perform(step);
	}

	get recipe(): Recipe {
		return this.#recipe;
	}

	get violation(): string | undefined {
		return this.#outside.violation;
	}

	/** Storage operations since the power came on. */
	get operations(): number {
		return this.#power.operations;
	}

	get cutsLeft(): number {
		return this.#outside.budget.cuts;
	}

	/** What can happen now, but for power cuts. */
	steps(): readonly Step[] {
		const { budget, wire, answers, unflushed } = this.#outside;
		const steps: Step[] = [];
		if (budget.readings > 0) steps.push({ act: "accept" });
		if (unflushed.length > 0) steps.push({ act: "flush" });
		const canConnect = !this.#device.isConnected && this.#options.isFull !== true;
		if (canConnect) steps.push({ act: "connect" });
		if (wire.length > 0) steps.push({ act: "receive" });
		if (answers.length > 0) steps.push({ act: "answer" });
		if (this.#device.isConnected && budget.breaks > 0) {
			steps.push({ act: "break" });
			if (this.#device.session.inFlight().length > 0) steps.push({ act: "late" });
		}
		if (this.#outside.hasSession && budget.losses > 0) steps.push({ act: "lose" });
		return steps;
	}

	perform(step: Step): void {
		const { cut } = step;
		if (cut !== undefined) {
			this.#outside.budget.cuts--;
			if (cut.operation === 0) this.#power.cut();
			else this.#planCut(cut.operation, cut.manner);
		}
		const before = this.#live();
		try {
			if (this.#power.isOn) this.#act(step.act);
		} catch (error) {
			if (!(error instanceof PowerCut)) throw error;
		}
		if (!this.#power.isOn) return this.#reboot();
		const live = this.#live();
		const gone = before.filter((sequence) => !live.includes(sequence));
		this.#outside.unflushed = step.act === "flush" ? [] : [...this.#outside.unflushed, ...gone];
		this.#recipe = { ...this.#recipe, steps: [...this.#recipe.steps, step] };
		this.#check();
	}

	/**
	 * The next step of an environment that does no more harm; `undefined` when there is none. Then
	 * everything must have arrived and left the device: {@link isDone}.
	 */
	get healing(): Step | undefined {
		return this.steps().find(({ act }) => HEALING.includes(act));
	}

	get isDone(): boolean {
		if (this.#options.isFull === true) return true; // nothing can arrive
		const { accepted, delivered } = this.#outside;
		const isSafe = (sequence: number) =>
			delivered.includes(sequence) || this.#isAnnounced(sequence);
		return this.#live().length === 0 && accepted.every(isSafe);
	}

	/**
	 * Everything on which the future depends: storage, what of the device's memory can be seen, and
	 * the outside. States with one fingerprint are taken for one; the search looks whether they are.
	 */
	fingerprint(): string {
		const hash = createHash("sha1");
		// The storage of this boot, and of its beginning: where in a block of sequences and in which
		// block of flash this life goes on is nowhere else to be seen.
		for (const { chip, keyValue } of [
			{ chip: this.#chip, keyValue: this.#keyValue },
			this.#recipe,
		]) {
			hash.update(chip.image());
			for (const [name, value] of keyValue.contents()) hash.update(name).update(value);
		}
		const { programs, erases } = this.#chip;
		const { isConnected, session, outbox, clock } = this.#device;
		const seen = {
			programs,
			erases,
			isConnected,
			nowMs: clock.monotonicMs(),
			nextPacketId: session.nextPacketId,
			inFlight: session.inFlight(),
			stored: session.snapshot(),
			waiting: outbox.waiting(undefined, Infinity),
			outside: this.#outside,
		};
		return hash.update(JSON.stringify(seen)).digest("base64");
	}

	// ------------------------------------------------------------ one life of the device

	#boot(): void {
		this.#device = new DeliveryDevice({
			QoS: this.#options.QoS,
			flash: this.#chip.open(),
			keyValue: this.#keyValue,
			clock: new VirtualClock(),
			plant: this.#options.plant,
			onSequence: (sequence) => this.#given(sequence),
		});
	}

	/** From here on the state can be made again. */
	#keep(): void {
		this.#recipe = {
			chip: this.#chip.copy(new PowerSupply()),
			keyValue: this.#keyValue.copy(new PowerSupply()),
			outside: structuredClone(this.#outside),
			steps: [],
		};
	}

	#reboot(): void {
		this.#power.restore();
		if (this.#outside.isClean) this.#forgetSession();
		const lost = { wire: [], answers: [], unflushed: [], offered: 0, isKept: false };
		this.#outside = { ...this.#outside, ...lost };
		this.#boot();
		this.#check();
		this.#keep();
	}

	/** Fills the outbox until the next reading needs room, and begins there. */
	#fill(): void {
		const { uplink, outbox } = this.#device;
		for (let room = true; room;) {
			const result = uplink.accept(DeliveryDevice.reading(0));
			if (result.kind !== "accepted") throw new Error(result.reason);
			this.#outside.accepted.push(result.sequence);
			const byteLength = outbox.read(result.sequence)?.bytes.length ?? 0;
			room = outbox.room(byteLength).kind === "room";
		}
		this.#power.restore();
		this.#boot();
	}

	#planCut(operation: number, manner: CutManner): void {
		const seed = operation + this.#outside.accepted.length * 7;
		this.#power.planCut({ operation: this.#power.operations + operation, manner, seed });
	}

	// ------------------------------------------------------------ steps

	#act(act: Step["act"]): void {
		const { budget } = this.#outside;
		switch (act) {
			case "accept":
				return this.#accept();
			case "connect":
				return this.#connect();
			case "receive":
				return this.#receive();
			case "answer":
				return this.#answer();
			case "flush":
				return void this.#device.outbox.flush();
			case "break":
				budget.breaks--;
				return this.#disconnect();
			case "late":
				budget.breaks--;
				this.#device.clock.advance(ACKNOWLEDGE_LATE_MS);
				if (this.#device.isConnected) this.#violate("waits for a late answer for ever");
				return this.#forgetConnection();
			case "lose":
				budget.losses--;
				this.#forgetSession();
				return this.#disconnect();
		}
	}

	#accept(): void {
		const { budget, accepted } = this.#outside;
		const { uplink, brokerSession } = this.#device;
		budget.readings--;
		const result = uplink.accept(DeliveryDevice.reading(budget.readings));
		if (result.kind !== "accepted") return this.#violate(`refused: ${result.reason}`);
		accepted.push(result.sequence);
		brokerSession?.offer();
		this.#gather();
	}

	#connect(): void {
		const socket = this.#device.connect();
		socket.giveRoom(65_536);
		// CONNECT: the broker answers at once.
		const [connect] = this.#device.drain().flatMap((bytes) => readFromClient(bytes).packets);
		this.#outside.isClean = connect?.["clean"] === true;
		if (this.#outside.isClean) this.#forgetSession();
		const { hasSession } = this.#outside;
		this.#outside.hasSession = true;
		this.#outside.isKept = !this.#outside.isClean;
		socket.feed(connack(0, hasSession));
		this.#gather();
	}

	#receive(): void {
		const { wire, answers } = this.#outside;
		const bytes = Buffer.from(wire.shift() as string, "hex");
		for (const packet of readFromClient(bytes).packets) {
			const packetId = packet["packetId"] as number;
			if (packet.type === "PUBREL") {
				this.#released(packetId);
				answers.push({ type: "PUBCOMP", packetId });
			}
			if (packet.type !== "PUBLISH") continue;
			const { sequence, gaps } = DeliveryDevice.read(packet);
			if (packet["QoS"] === 2) this.#hold({ packetId, sequence, gaps });
			else this.#deliver(sequence, gaps);
			answers.push({ type: packet["QoS"] === 2 ? "PUBREC" : "PUBACK", packetId });
		}
	}

	/** The same id before its PUBREL is the same message [MQTT-4.3.3-2]. */
	#hold(message: Held): void {
		const { held } = this.#outside;
		if (held.some(({ packetId }) => packetId === message.packetId)) return;
		held.push(message);
		if (!this.#options.deliversAtRelease) this.#deliver(message.sequence, message.gaps);
	}

	#released(packetId: number): void {
		const { held } = this.#outside;
		const message = held.find((each) => each.packetId === packetId);
		this.#outside.held = held.filter((each) => each !== message);
		if (message && this.#options.deliversAtRelease) this.#deliver(message.sequence, message.gaps);
	}

	#deliver(sequence: number, gaps: readonly Range[]): void {
		this.#outside.delivered.push(sequence);
		this.#outside.announced.push(...gaps);
	}

	#answer(): void {
		const { type, packetId } = this.#outside.answers.shift() as Answer;
		const encode = { PUBACK: puback, PUBREC: pubrec, PUBCOMP: pubcomp }[type];
		this.#device.socket?.feed(encode(packetId));
		this.#gather();
	}

	#disconnect(): void {
		// To the device another client may have had a session since.
		if (this.#device.isConnected) this.#outside.isKept = false;
		this.#device.socket?.fail("tcp");
		this.#forgetConnection();
	}

	#forgetSession(): void {
		this.#outside.hasSession = false;
		this.#outside.held = [];
	}

	#forgetConnection(): void {
		if (this.#outside.isClean) this.#forgetSession();
		const problem = this.#device.disconnected();
		if (problem !== undefined) this.#violate(problem);
		this.#outside.wire = [];
		this.#outside.answers = [];
		this.#outside.offered = 0;
	}

	/** What the device has written: SUBSCRIBE is answered at once, the rest goes on the wire. */
	#gather(): void {
		const outside = this.#outside;
		for (const bytes of this.#device.drain()) {
			for (const packet of readFromClient(bytes).packets) {
				if (packet.type === "SUBSCRIBE") {
					const codes = (packet["subscriptions"] as readonly unknown[]).map(() => 1);
					this.#device.socket?.feed(suback(packet["packetId"] as number, codes));
					continue;
				}
				if (packet.type === "PUBLISH") {
					outside.offered = Math.max(outside.offered, DeliveryDevice.read(packet).sequence);
				}
				outside.wire.push(Buffer.from(bytes).toString("hex"));
			}
		}
		const problem = this.#device.problem;
		if (problem !== undefined) this.#violate(problem);
	}

	// ------------------------------------------------------------ what must hold in every state

	#check(): void {
		const { accepted, delivered } = this.#outside;
		const live = this.#live();
		for (const sequence of accepted) {
			const isSafe = delivered.includes(sequence) || live.includes(sequence);
			if (!isSafe && !this.#isAnnounced(sequence)) this.#violate(`lost: ${sequence}`);
		}
	}

	/** A gap record that is stored, or was delivered, names it as dropped. */
	#isAnnounced(sequence: number): boolean {
		const ranges = [...this.#outside.announced, ...this.#device.storedGaps()];
		return ranges.some(({ first, last }) => first <= sequence && sequence <= last);
	}

	#given(sequence: number): void {
		if (sequence <= this.#outside.highestSequence) this.#violate(`reused: ${sequence}`);
		this.#outside.highestSequence = Math.max(sequence, this.#outside.highestSequence);
	}

	#violate(problem: string): void {
		this.#outside.violation ??= problem;
	}

	#live(): readonly number[] {
		return sequencesIn(this.#device.outbox);
	}
}

const HEALING: readonly Step["act"][] = ["connect", "receive", "answer", "flush"];

function sequencesIn(outbox: Outbox): readonly number[] {
	return outbox.waiting(undefined, Infinity).map(({ sequence }) => sequence);
}
