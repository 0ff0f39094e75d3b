// What the manifest gives to XS, and what that leaves to Wi-Fi and TLS.
import type { Creation } from "./creation.js";
import type { Build, Rule } from "./rule.js";

/** Bytes of a slot of XS on a chip with 32 bits. */
const SLOT_BYTES = 16;
/** Bytes of stack that the SDK adds to `nativeStack` for the C library. */
const STACK_EXTRA_BYTES = 1024;
/** Bytes of stack of the SDK's task where the manifest states none. */
const STACK_DEFAULT_BYTES = 10_240;
/** Least bytes of stack: key generation with a certificate request, under the interpreter. */
const NATIVE_STACK_BYTES_MIN = 16_384;
/**
 * Most bytes of XS and its stack. 244 KB were free for both and for TLS on an emulated ESP32-C3
 * with its network up; 23 KB is one handshake, 60 KB are kept for Wi-Fi and what lies in between.
 */
export const XS_BYTES_MAX = 161 * 1024;

function memory(id: string, reason: string, mend: string, find: Rule["find"]): Rule {
	return { id, subject: "memory", everyProfile: true, reason, mend, find };
}

/** Bytes that XS takes from the C heap when it starts, with the stack of its task. */
export function creationBytes(creation: Creation): number {
	const { chunk, heap, stack, nativeStack } = creation;
	const machine = chunk.initial + (heap.initial + stack) * SLOT_BYTES;
	return (
		Math.max(creation.static, machine) + (nativeStack || STACK_DEFAULT_BYTES) + STACK_EXTRA_BYTES
	);
}

export const MEMORY_RULES: readonly Rule[] = [
	...(["chunk", "heap"] as const).map((part) =>
		memory(
			`${part}-fixed`,
			"memory that XS takes later is what a TLS handshake lacks then",
			`creation.${part}.incremental 0`,
			({ manifest: { creation } }: Build) => {
				const { incremental } = creation[part];
				return incremental === 0 ? undefined : `creation.${part}.incremental is ${incremental}`;
			},
		),
	),
	memory(
		"native-stack",
		"key generation under the interpreter overflows a smaller stack, without a word",
		`creation.nativeStack ${NATIVE_STACK_BYTES_MIN} or more`,
		({
			manifest: {
				creation: { nativeStack },
			},
		}) =>
			nativeStack >= NATIVE_STACK_BYTES_MIN ? undefined : `creation.nativeStack is ${nativeStack}`,
	),
	memory(
		"memory-for-tls",
		"Wi-Fi and a TLS handshake need what XS leaves",
		`creation of at most ${XS_BYTES_MAX} bytes in all`,
		({ manifest: { creation } }) => {
			const bytes = creationBytes(creation);
			return bytes <= XS_BYTES_MAX ? undefined : `creation takes ${bytes} bytes`;
		},
	),
];
