// What is uploaded: the payload of an envelope with entries exactly as they were hashed, and the
// checkpoint over them where it is the last batch for now.

import { encode } from "../cbor/encode.js";
import { readEncoded, type FieldsRead } from "../cbor/fields.js";
import type { CBORKey, CBORValue } from "../cbor/value.js";
import { LOG_BATCH_BYTES_MAX, LOG_CHECKPOINT_BYTES_MAX, LOG_ENTRY_BYTES_MAX } from "../limits.js";

export interface LogBatch {
	/** Encoded entries with ascending counters; without one it is a checkpoint alone. */
	readonly entries: readonly Uint8Array[];
	readonly checkpoint?: Uint8Array;
}

/** Bytes of an item's head, and of everything around the items. */
const HEAD_BYTES = 3;
const FRAME_BYTES = 32;

/** Whether so many bytes in so many items fit one batch. */
export function fitsBatch(byteLength: number, items: number): boolean {
	return FRAME_BYTES + byteLength + items * HEAD_BYTES <= LOG_BATCH_BYTES_MAX;
}

export function encodeBatch({ entries, checkpoint }: LogBatch): Uint8Array {
	const map = new Map<CBORKey, CBORValue>([["entries", entries]]);
	if (checkpoint !== undefined) map.set("checkpoint", checkpoint);
	return encode(map);
}

export function decodeBatch(payload: Uint8Array): FieldsRead<LogBatch> {
	return readEncoded(payload, (root) =>
		root.map(["entries", "checkpoint"], (fields) => {
			const checkpoint = fields
				.optional("checkpoint")
				?.bytes({ min: 1, max: LOG_CHECKPOINT_BYTES_MAX });
			return {
				entries: fields
					.required("entries")
					.list({ min: 0, max: LOG_BATCH_BYTES_MAX / HEAD_BYTES }, (item) =>
						item.bytes({ min: 1, max: LOG_ENTRY_BYTES_MAX }),
					),
				...(checkpoint !== undefined && { checkpoint }),
			};
		}),
	);
}
