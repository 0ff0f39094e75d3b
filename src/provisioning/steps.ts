// The steps of provisioning, one method each. Every step can be repeated, and says what it needs
// when it comes too early. Knows nothing of frames, of retries, or of which steps a locked device
// takes.

import { equalBytes } from "../bytes/arrays.js";
import { toHex } from "../bytes/hex.js";
import {
	CONFIGURATION_BYTES_MAX,
	FIRMWARE_VERSION_CHARACTERS_MAX,
	HARDWARE_ID_CHARACTERS_MAX,
	PROVISIONING_NONCE_BYTES,
	UNLOCK_BYTES_MAX,
} from "../limits.js";
import type { KeyAlgorithm } from "../ports.js";
import { includesBytes } from "./includes-bytes.js";
import type { ProvisioningLock } from "./lock.js";
import type { MessageFields, RequestName } from "./messages.js";
import type {
	FieldProblem,
	ProvisionedConfiguration,
	ProvisionedSlot,
	ProvisionerOptions,
} from "./provisioner-options.js";
import { Refusal, missing, type Answer } from "./refusal.js";
import { judgeUnlock, signProof } from "./statement.js";
import { IncomingTransfer, outgoingChunk } from "./transfer.js";

/** Name of the signing key in the key store. */
const SIGNING_KEY = "signing";
/** What an operator must be granted to unlock a device. */
const UNLOCK_COMMAND = "unlock";
const KEY_ID_BYTES = 8;

/** What the steps need beside the options: who reports, who is told of a commit. */
export interface StepSupport {
	readonly lock: ProvisioningLock;
	readonly report: (name: string, details: Readonly<Record<string, string | undefined>>) => void;
	readonly committed: () => void;
}

export class ProvisioningSteps {
	readonly #options: ProvisionerOptions;
	readonly #lock: ProvisioningLock;
	readonly #support: StepSupport;
	#nonces: { readonly station: Uint8Array; readonly device: Uint8Array } | undefined;
	/** The TLS key made since the last commit. */
	#newKey: string | undefined;
	#request: { readonly deviceId: string; readonly der: Uint8Array } | undefined;
	#transfer: IncomingTransfer | undefined;
	#proof: Uint8Array | undefined;

	constructor(options: ProvisionerOptions, support: StepSupport) {
		this.#options = options;
		this.#lock = support.lock;
		this.#support = support;
	}

	/** Forgets a transfer: there may be passwords in it. */
	close(): void {
		this.#dropTransfer();
	}

	/** Does what `name` asks. Throws a port error where storage fails. */
	perform(name: RequestName, fields: MessageFields): Answer {
		switch (name) {
			case "hello":
				return this.#hello();
			case "status":
				return this.#status();
			case "challenge":
				return this.#challenge(fields);
			case "keys":
				return this.#keys();
			case "request":
				return this.#certificateRequest(fields);
			case "begin":
				return this.#begin(fields);
			case "chunk":
				return this.#chunk(fields);
			case "commit":
				return this.#commit(fields);
			case "prove":
				return this.#prove(fields);
			case "lock":
				return this.#lockUp();
			case "unlock":
				return this.#unlock(fields);
		}
	}

	#hello(): Answer {
		const { hardwareId, firmwareVersion, configurationVersion, slots } = this.#options;
		const isNew = slots.active() === undefined;
		return {
			state: this.#lock.isLocked ? "locked" : isNew ? "new" : "committed",
			hardwareId: hardwareId.slice(0, HARDWARE_ID_CHARACTERS_MAX),
			firmware: firmwareVersion.slice(0, FIRMWARE_VERSION_CHARACTERS_MAX),
			configurationVersion,
		};
	}

	#status(): Answer {
		const { deviceId } = this.#options.slots;
		const newest = this.#newest();
		return {
			...(deviceId !== undefined && { deviceId }),
			...(newest !== undefined && { role: newest.role, digest: this.#digestOf(newest) }),
		};
	}

	#challenge({ nonce }: MessageFields): Answer {
		if (nonce === undefined) return missing("nonce");
		// The same challenge keeps its nonce: a station that missed the answer asks the same again.
		if (this.#nonces === undefined || !equalBytes(this.#nonces.station, nonce)) {
			const device = new Uint8Array(PROVISIONING_NONCE_BYTES);
			this.#options.entropy.fill(device);
			this.#nonces = { station: nonce, device };
			this.#proof = undefined;
		}
		return { nonce: this.#nonces.device };
	}

	#keys(): Answer {
		const { keyStore, slots } = this.#options;
		if (keyStore.publicKey(SIGNING_KEY) === undefined) this.#generate(SIGNING_KEY, "Ed25519");
		if (this.#newKey === undefined) {
			// First nothing may depend on the key of that name, then it goes.
			slots.release();
			const name = slots.freeKeyName;
			this.#generate(name, "P-256");
			this.#newKey = name;
			this.#request = undefined;
		}
		const publicKey = new Uint8Array(keyStore.publicKey(SIGNING_KEY) as ArrayBuffer);
		return { publicKey, keyName: this.#newKey };
	}

	#generate(key: string, algorithm: KeyAlgorithm): void {
		const { keyStore } = this.#options;
		keyStore.generate(key, algorithm);
		const publicKey = keyStore.publicKey(key);
		const keyId = publicKey && toHex(this.#keyIdOf(new Uint8Array(publicKey)));
		this.#support.report("provisioning-keys-made", { key, keyId });
	}

	#certificateRequest({ deviceId, offset }: MessageFields): Answer {
		const { keyStore, slots } = this.#options;
		if (deviceId === undefined) return missing("deviceId");
		if (offset === undefined) return missing("offset");
		if (this.#newKey === undefined) return new Refusal("step", "keys first");
		if (slots.deviceId !== undefined && slots.deviceId !== deviceId) {
			return new Refusal("device-id", slots.deviceId, "deviceId");
		}
		// An ECDSA signature is another one each time: the parts must be of one request.
		if (this.#request?.deviceId !== deviceId) {
			if (offset !== 0) return new Refusal("offset", "0", "offset");
			const der = new Uint8Array(keyStore.certificateRequest(this.#newKey, deviceId));
			this.#request = { deviceId, der };
		}
		return this.#outgoing(this.#request.der, offset);
	}

	#begin({ digest, total }: MessageFields): Answer {
		if (digest === undefined) return missing("digest");
		if (total === undefined) return missing("total");
		const most = this.#lock.isLocked ? UNLOCK_BYTES_MAX : CONFIGURATION_BYTES_MAX;
		if (total > most) return new Refusal("malformed", `1 to ${most}`, "total");
		if (!this.#transfer?.isOf(digest, total)) {
			this.#dropTransfer();
			this.#transfer = new IncomingTransfer(digest, total);
		}
		return { offset: this.#transfer.received };
	}

	#chunk({ offset, bytes }: MessageFields): Answer {
		if (offset === undefined) return missing("offset");
		if (bytes === undefined) return missing("bytes");
		if (this.#transfer === undefined) return new Refusal("step", "begin first");
		if (!this.#transfer.accept(offset, bytes)) {
			return new Refusal("offset", String(this.#transfer.received), "offset");
		}
		return { offset: this.#transfer.received };
	}

	#commit({ digest }: MessageFields): Answer {
		if (digest === undefined) return missing("digest");
		const newest = this.#newest();
		if (newest !== undefined && equalBytes(this.#digestOf(newest), digest)) {
			return { role: newest.role };
		}
		const bytes = this.#received(digest);
		if (bytes instanceof Refusal) return bytes;
		const staged = this.#options.slots.stage(bytes, (configuration) => this.#judge(configuration));
		if (staged.kind === "invalid") {
			return new Refusal("configuration", staged.expected, staged.path);
		}
		if (staged.kind === "failed") return new Refusal("storage", staged.code);
		this.#dropTransfer();
		this.#newKey = undefined;
		this.#request = undefined;
		this.#proof = undefined;
		this.#support.report("provisioning-committed", { role: staged.kind });
		this.#support.committed();
		return { role: staged.kind };
	}

	#prove({ offset }: MessageFields): Answer {
		const { slots, keyStore, hardwareId } = this.#options;
		if (offset === undefined) return missing("offset");
		if (this.#nonces === undefined) return new Refusal("step", "challenge first");
		const newest = this.#newest();
		const deviceId = slots.deviceId;
		const publicKey = keyStore.publicKey(SIGNING_KEY);
		if (newest === undefined || deviceId === undefined || publicKey === undefined) {
			return new Refusal("step", "commit first");
		}
		this.#proof ??= signProof(
			{
				challenge: this.#nonces.station,
				deviceNonce: this.#nonces.device,
				deviceId,
				hardwareId: hardwareId.slice(0, HARDWARE_ID_CHARACTERS_MAX),
				digest: this.#digestOf(newest),
			},
			{
				keyId: this.#keyIdOf(new Uint8Array(publicKey)),
				sign: (message) => new Uint8Array(keyStore.sign(SIGNING_KEY, message)),
			},
		);
		return this.#outgoing(this.#proof, offset);
	}

	#lockUp(): Answer {
		if (this.#options.slots.active() === undefined) return new Refusal("step", "commit first");
		if (!this.#lock.isLocked) {
			this.#lock.lock();
			this.#support.report("provisioning-locked", {});
		}
		return { state: "locked" };
	}

	#unlock({ digest }: MessageFields): Answer {
		const { slots } = this.#options;
		if (digest === undefined) return missing("digest");
		if (!this.#lock.isLocked) return { state: "committed" };
		if (this.#nonces === undefined) return new Refusal("step", "challenge first");
		const bytes = this.#received(digest);
		if (bytes instanceof Refusal) return bytes;
		const expected = { deviceNonce: this.#nonces.device, deviceId: slots.deviceId ?? "" };
		let operator: Uint8Array | undefined;
		const judged = judgeUnlock(bytes, expected, (keyId, ...signed) => {
			operator = keyId;
			return this.#verifyOperator(keyId, ...signed);
		});
		// One try for one nonce, whatever comes of it.
		this.#nonces = undefined;
		this.#dropTransfer();
		if (judged !== "accepted") return new Refusal("unlock", judged);
		this.#lock.unlock();
		this.#support.report("provisioning-unlocked", { operator: operator && toHex(operator) });
		return { state: "committed" };
	}

	#verifyOperator(keyId: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
		const { slots, crypto, verify } = this.#options;
		const operators = slots.active()?.configuration.operators ?? [];
		const operator = operators.find(
			({ publicKey, commands }) =>
				commands.includes(UNLOCK_COMMAND) && equalBytes(this.#keyIdOf(publicKey), keyId),
		);
		if (operator === undefined || signature.length !== 64) return false;
		return verify === undefined
			? crypto.ed25519Verify(operator.publicKey, message, signature)
			: verify(operator.publicKey, message, signature);
	}

	/** The content that was transferred, if it is all there and is what `digest` names. */
	#received(digest: Uint8Array): Uint8Array | Refusal {
		const bytes = this.#transfer?.content(digest, this.#options.crypto);
		if (bytes !== undefined) return bytes;
		const received = this.#transfer?.received ?? 0;
		// A transfer that is whole and wrong can only be sent again.
		this.#transfer?.restart();
		return new Refusal("digest", `a whole transfer; ${received} bytes here`, "digest");
	}

	#judge(configuration: ProvisionedConfiguration): FieldProblem | undefined {
		return this.#options.judge?.(configuration) ?? this.#judgeKey(configuration);
	}

	/** The certificate must be for a key that is here, or the device could never connect. */
	#judgeKey({ keyName, certificates }: ProvisionedConfiguration): FieldProblem | undefined {
		const [leaf] = certificates;
		if (leaf === undefined) return undefined;
		const publicKey = this.#options.keyStore.publicKey(keyName);
		if (publicKey === undefined) return { path: "keyName", expected: "a key that was made" };
		if (includesBytes(leaf, new Uint8Array(publicKey))) return undefined;
		return { path: "certificates[0]", expected: `a certificate of ${keyName}` };
	}

	/** The configuration committed last: on trial, or active. */
	#newest(): { readonly role: "active" | "candidate"; readonly slot: ProvisionedSlot } | undefined {
		const { slots } = this.#options;
		const candidate = slots.candidate();
		if (candidate !== undefined) return { role: "candidate", slot: candidate };
		const active = slots.active();
		return active && { role: "active", slot: active };
	}

	#digestOf({ slot }: { readonly slot: ProvisionedSlot }): Uint8Array {
		return new Uint8Array(this.#options.crypto.sha256(slot.installed.reveal()));
	}

	#keyIdOf(publicKey: Uint8Array): Uint8Array {
		return new Uint8Array(this.#options.crypto.sha256(publicKey)).slice(0, KEY_ID_BYTES);
	}

	#outgoing(content: Uint8Array, offset: number): Answer {
		return outgoingChunk(content, offset) ?? new Refusal("offset", `below ${content.length}`);
	}

	#dropTransfer(): void {
		this.#transfer?.wipe();
		this.#transfer = undefined;
	}
}
