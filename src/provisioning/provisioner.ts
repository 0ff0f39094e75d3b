// The device's side of the factory station: answers one request at a time (PROTOCOL.md). It speaks
// only when spoken to. What must last is in the slots, the key store and the lock; the rest may be
// lost at any byte.

import { deepFreeze } from "../deep-freeze.js";
import { equalBytes } from "../bytes/arrays.js";
import { ProvisioningLock } from "./lock.js";
import { decodeMessage, encodeMessage, type Message, type RequestName } from "./messages.js";
import type { ProvisionerOptions } from "./provisioner-options.js";
import { Refusal, type Answer } from "./refusal.js";
import { storageCodeOf } from "../storage-code.js";
import { SerialLine } from "./serial-line.js";
import { ProvisioningSteps } from "./steps.js";

export class Provisioner {
	readonly #options: ProvisionerOptions;
	readonly #line: SerialLine;
	readonly #lock: ProvisioningLock;
	/** The last request and its answer: the same request again gets the same answer. */
	#last: { readonly request: Uint8Array; readonly answer: Uint8Array } | undefined;
	readonly #steps: ProvisioningSteps;
	#isClosed = false;

	constructor(options: ProvisionerOptions) {
		this.#options = options;
		this.#lock = new ProvisioningLock(options.keyValue);
		this.#steps = new ProvisioningSteps(options, {
			lock: this.#lock,
			report: (name, details) => this.#report(name, details),
			committed: () => this.#committed(),
		});
		this.#line = new SerialLine({
			serial: options.serial,
			timer: options.timer,
			onMessage: (message) => this.#receive(message),
		});
	}

	get isLocked(): boolean {
		return this.#lock.isLocked;
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#steps.close();
		this.#line.close();
		this.#lock.close();
	}

	#receive(request: Uint8Array): void {
		if (this.#last === undefined || !equalBytes(this.#last.request, request)) {
			const answer = this.#answer(request);
			if (this.#isClosed) return;
			this.#last = { request, answer };
		}
		this.#line.send(this.#last.answer);
	}

	#answer(request: Uint8Array): Uint8Array {
		const read = decodeMessage(request);
		if (read.kind === "invalid") {
			// An answer needs an id that is never a request's: 0 says "to what I could not read".
			const { id, code, path, expected } = read;
			return encodeMessage({ id, name: "error", fields: { code, path, expected } });
		}
		const { id, name } = read.message;
		const answer = this.#perform(read.message);
		if (!(answer instanceof Refusal)) {
			return encodeMessage({ id, name, fields: answer });
		}
		const { code, path, expected } = answer;
		this.#report("provisioning-refused", { step: name, code, path });
		const fields = { code, ...(path !== undefined && { path }), expected };
		return encodeMessage({ id, name: "error", fields });
	}

	#perform({ name, fields }: Message): Answer {
		if (name === "error") return new Refusal("malformed", "a request", "type");
		if (this.#lock.isLocked && !ANSWERED_LOCKED.includes(name)) {
			return new Refusal("locked", "an operator's unlock");
		}
		try {
			return this.#steps.perform(name, fields);
		} catch (error) {
			// Flash that fails is no reason to fall silent; everything else is our bug.
			return new Refusal("storage", storageCodeOf(error));
		}
	}

	#committed(): void {
		this.#options.timer.set(() => {
			if (!this.#isClosed) this.#options.onCommitted?.();
		}, 0);
	}

	#report(name: string, details: Readonly<Record<string, string | undefined>>): void {
		this.#options.onEvent?.({ name, ...details });
	}
}

/** What a locked device answers: who it is, what an unlock needs, and that it is locked. */
const ANSWERED_LOCKED: readonly RequestName[] = deepFreeze([
	...(["hello", "status", "lock", "challenge", "begin", "chunk", "unlock"] as const),
]);
