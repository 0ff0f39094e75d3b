// A file or standard input as what it is: a partition, messages by lines, or neither. Its contents
// tell, not its name. Messages are read as they come: there may be more of them than memory.
import { createReadStream } from "node:fs";
import { hasBlockHeader, problemOfSize } from "../../hosts/support/verify/partition-image.js";
import { OUTBOX_UNITS_MAX } from "../../src/limits.js";
import { UsageError } from "../command-line.js";

export type LogSource =
	| { readonly kind: "image"; readonly bytes: Uint8Array }
	| { readonly kind: "messages"; readonly chunks: AsyncIterable<Uint8Array> }
	/** `why` says what to do about it. */
	| { readonly kind: "unusable"; readonly why: string };

/** Bytes of the largest partition that the ring can use. */
const IMAGE_BYTES_MAX = OUTBOX_UNITS_MAX * 32;
/** Bytes by which text is told from anything else. */
const HEAD_BYTES = 4096;

const NEITHER =
	"neither a log's partition nor lines of JSON (an encrypted partition must be decrypted first)";

/** What is at `path`; "-" is standard input. Throws where it cannot be read at all. */
export async function openLogSource(path: string): Promise<LogSource> {
	if (path === "") throw new UsageError('"" is no file');
	const input: AsyncIterable<Uint8Array> = path === "-" ? process.stdin : createReadStream(path);
	const chunks = readable(input, path)[Symbol.asyncIterator]();
	const first = await chunks.next();
	if (first.done) return { kind: "unusable", why: "it is empty" };
	const head = first.value;
	if (isUTF16(head)) {
		return { kind: "unusable", why: "UTF-16: write the messages as UTF-8, one JSON a line" };
	}
	if (isText(head.subarray(0, HEAD_BYTES)))
		return { kind: "messages", chunks: joined(head, chunks) };
	const bytes = await collect(joined(head, chunks));
	if (bytes === undefined) {
		const most = `at most ${IMAGE_BYTES_MAX} bytes`;
		return { kind: "unusable", why: `not lines of JSON, and a log's partition has ${most}` };
	}
	const problem = problemOfSize(bytes.length);
	if (problem === undefined) return { kind: "image", bytes };
	const what = `a partition cut short: ${problem}; read it from the board again, as a whole`;
	return { kind: "unusable", why: hasBlockHeader(bytes) ? what : NEITHER };
}

async function* readable(
	input: AsyncIterable<Uint8Array>,
	path: string,
): AsyncGenerator<Uint8Array> {
	try {
		yield* input;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		const hint = code === "ENOENT" && path.includes("/") ? "; a topic needs --broker" : "";
		throw new Error(`${path} cannot be read (${code})${hint}`, { cause: error });
	}
}

async function* joined(
	head: Uint8Array,
	rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
	try {
		yield head;
		for (let next; !(next = await rest.next()).done;) yield next.value;
	} finally {
		await rest.return?.(); // whoever has enough does not wait for the end
	}
}

/** All bytes, or `undefined` where no partition has so many. */
async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
	const kept: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of chunks) {
		length += chunk.length;
		if (length > IMAGE_BYTES_MAX) return undefined;
		kept.push(chunk);
	}
	return new Uint8Array(Buffer.concat(kept));
}

/** As shells of Windows write what a program prints. */
function isUTF16(head: Uint8Array): boolean {
	const [first, second] = head;
	return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

/** UTF-8 without NUL; a character may be cut at the end. */
function isText(head: Uint8Array): boolean {
	if (head.includes(0)) return false;
	try {
		new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
		return true;
	} catch {
		return false;
	}
}
