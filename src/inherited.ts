// Which stored messages an earlier configuration, or an earlier key, may have sealed: those can be
// for a topic that is not ours any more. Remembered over restarts (key-value "hf-set"), so that a
// configuration that stays the same costs nothing.

import { concatBytes, uint64Bytes, uint64From } from "./bytes/arrays.js";
import { crc32 } from "./bytes/crc32.js";
import { encodeUTF8 } from "./bytes/text.js";
import { toHex } from "./bytes/hex.js";
import { open } from "./envelope/open.js";
import type { Signer } from "./envelope/seal.js";
import type { Outbox } from "./outbox/outbox.js";
import type { Policy } from "./policy/policy.js";
import type { DeviceEvent, KeyValueStore, Ports } from "./ports.js";
import { storageCodeOf } from "./storage-code.js";
import { CHANNELS, type Inherited } from "./uplink.js";

const KEY = "sealed-for";
const CHECKSUM_BYTES = 4;
const BYTES = CHECKSUM_BYTES + 8;

export interface InheritedByOptions {
	readonly ports: Ports;
	readonly policy: Policy;
	readonly outbox: Outbox;
	readonly signer: Signer;
	/** Of the signer. */
	readonly publicKey: Uint8Array;
	/** The open namespace "hf-set". */
	readonly settingsStore: KeyValueStore;
	readonly isProven: () => boolean;
}

/** What the outbox holds of configurations and keys before those of now. */
export function inheritedBy(options: InheritedByOptions): Inherited {
	const { ports, policy, outbox, signer, publicKey, settingsStore, isProven } = options;
	const topics = CHANNELS.map((channel) => policy.topicOf(channel) ?? "");
	const through = inheritedThrough({
		store: settingsStore,
		bindings: [toHex(signer.keyId), ...topics],
		newest: outbox.lastSequence,
		report: ports.report,
	});
	const fits = (topic: string, envelope: Uint8Array) =>
		open(envelope, topic, () => publicKey, ports.crypto).kind === "opened";
	return { through, fits, isProven };
}

export interface InheritedOptions {
	/** The open namespace "hf-set". */
	readonly store: KeyValueStore;
	/** Everything that a message is bound to: the topic of each channel, the signing key. */
	readonly bindings: readonly string[];
	/** The newest sequence in the outbox. */
	readonly newest: number | undefined;
	readonly report: (event: DeviceEvent) => void;
}

/**
 * The newest sequence that may have been sealed with other bindings than those of now; 0 for none.
 * Where nothing can be read or written down it is the newest of all: that costs time, and no
 * message.
 */
export function inheritedThrough(options: InheritedOptions): number {
	const { store, bindings, report } = options;
	const newest = options.newest ?? 0;
	const checksum = new Uint8Array(CHECKSUM_BYTES);
	new DataView(checksum.buffer).setUint32(0, crc32(encodeUTF8(bindings.join("\0"))));
	try {
		const stored = store.read(KEY);
		if (stored?.byteLength === BYTES) {
			const same = new DataView(stored).getUint32(0) === new DataView(checksum.buffer).getUint32(0);
			const through = uint64From(new Uint8Array(stored, CHECKSUM_BYTES));
			if (same && through !== undefined && through <= newest) return through;
		}
		store.write(KEY, concatBytes(checksum, uint64Bytes(newest)));
	} catch (error) {
		report({ name: "storage-failed", path: "hf-set", code: storageCodeOf(error) });
	}
	return newest;
}
