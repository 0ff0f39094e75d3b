// Whether an image that came back from where the key is, is the one that was judged here.

/** A signature of secure boot v2 takes a block of its own, at the end of the image. */
const SIGNATURE_BLOCK_BYTES = 0x1000;
/** How it begins: magic number and version. */
const SIGNATURE_START = Uint8Array.of(0xe7, 0x02);

/** What is wrong with `signed`, or `undefined`. Whose signature it is, only the chip can tell. */
export function signedMismatch(signed: Buffer, built: Buffer): string | undefined {
	if (!signed.subarray(0, built.length).equals(built)) return "is not what was built and judged";
	const start = signed.length - SIGNATURE_BLOCK_BYTES;
	const isSigned =
		start >= built.length &&
		start % SIGNATURE_BLOCK_BYTES === 0 &&
		signed.subarray(start, start + SIGNATURE_START.length).equals(SIGNATURE_START);
	return isSigned ? undefined : "bears no signature";
}
