// Splits a stream of bytes into numbered lines. Bounded: a line that is too long is named, not
// kept.

export type Line =
	| { readonly kind: "line"; readonly number: number; readonly text: string }
	| { readonly kind: "too-long"; readonly number: number };

/**
 * Bytes of a line: the largest envelope in base64 with the longest topic has less than half of
 * that.
 */
export const LINE_BYTES_MAX = 16_384;

const NEWLINE = 0x0a;

export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
	let number = 1;
	let kept: Uint8Array[] = [];
	let length = 0;
	const finish = (): Line => {
		const line: Line =
			length > LINE_BYTES_MAX
				? { kind: "too-long", number }
				: { kind: "line", number, text: textOf(kept, number) };
		number++;
		kept = [];
		length = 0;
		return line;
	};
	for await (const chunk of chunks) {
		let from = 0;
		for (let end; (end = chunk.indexOf(NEWLINE, from)) >= 0; from = end + 1) {
			keep(chunk.subarray(from, end));
			yield finish();
		}
		keep(chunk.subarray(from));
	}
	if (length > 0) yield finish();

	function keep(part: Uint8Array): void {
		length += part.length;
		if (length <= LINE_BYTES_MAX) kept.push(part);
		else kept = [];
	}
}

/** Some editors put a byte order mark in front of the first line. It is none of it. */
function textOf(parts: readonly Uint8Array[], number: number): string {
	const text = Buffer.concat(parts).toString("utf8");
	return number === 1 && text.startsWith("\uFEFF") ? text.slice(1) : text;
}
