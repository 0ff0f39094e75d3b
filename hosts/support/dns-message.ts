// The two DNS messages of a stub resolver (RFC 1035 §4): a question for an IPv4 address, and the
// answer to it. It knows no sockets, remembers nothing, and believes no length of its peer's.

/** What a message said: addresses, a name that does not exist, a server that cannot say. */
export type DNSAnswer =
	| { readonly kind: "addresses"; readonly addresses: readonly string[] }
	| { readonly kind: "missing" }
	| { readonly kind: "refused" };

const HEADER_BYTES = 12;
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;
/** Records that are looked at: a broker has a few addresses, behind a few aliases. */
const RECORDS_MAX = 16;
const RECORD_FIXED_BYTES = 10;
const ADDRESS_BYTES = 4;
const TYPE_ADDRESS = 1;
const CLASS_INTERNET = 1;
const FLAG_ANSWER = 0x8000;
const MASK_OPCODE = 0x7800;
const FLAG_RECURSION = 0x0100;
const MASK_CODE = 0x000f;
const CODE_NAME_MISSING = 3;
const POINTER = 0xc0;

/** The question for `host` under `id`, or `undefined` where `host` cannot be a name. */
export function encodeQuestion(id: number, host: string): Uint8Array | undefined {
	const name = encodeName(host);
	if (name === undefined) return undefined;
	const bytes = new Uint8Array(HEADER_BYTES + name.length + 4);
	const view = new DataView(bytes.buffer);
	view.setUint16(0, id);
	view.setUint16(2, FLAG_RECURSION);
	view.setUint16(4, 1);
	bytes.set(name, HEADER_BYTES);
	view.setUint16(HEADER_BYTES + name.length, TYPE_ADDRESS);
	view.setUint16(HEADER_BYTES + name.length + 2, CLASS_INTERNET);
	return bytes;
}

/** What `message` answers to `question`; `undefined` where it is no answer to it. */
export function readAnswer(message: Uint8Array, question: Uint8Array): DNSAnswer | undefined {
	if (message.length < question.length) return undefined;
	const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
	const flags = view.getUint16(2);
	const isAnswer = (flags & FLAG_ANSWER) !== 0 && (flags & MASK_OPCODE) === 0;
	if (!isAnswer || view.getUint16(4) !== 1 || !echoes(message, question)) return undefined;
	const code = flags & MASK_CODE;
	if (code === CODE_NAME_MISSING) return { kind: "missing" };
	if (code !== 0) return { kind: "refused" };
	const addresses = readAddresses(view, question.length, view.getUint16(6));
	return addresses.length > 0 ? { kind: "addresses", addresses } : { kind: "missing" };
}

function encodeName(host: string): Uint8Array | undefined {
	const labels = (host.endsWith(".") ? host.slice(0, -1) : host).split(".");
	const bytes: number[] = [];
	for (const label of labels) {
		if (label.length === 0 || label.length > LABEL_BYTES_MAX) return undefined;
		bytes.push(label.length);
		for (let index = 0; index < label.length; index++) {
			const code = label.charCodeAt(index);
			if (code <= 0x20 || code >= 0x7f) return undefined;
			bytes.push(code);
		}
	}
	bytes.push(0);
	return bytes.length <= NAME_BYTES_MAX ? Uint8Array.from(bytes) : undefined;
}

/** The id, and the question as it was asked; servers may change the case of its letters. */
function echoes(message: Uint8Array, question: Uint8Array): boolean {
	if (message[0] !== question[0] || message[1] !== question[1]) return false;
	for (let at = HEADER_BYTES; at < question.length; at++) {
		if (lower(message[at] as number) !== lower(question[at] as number)) return false;
	}
	return true;
}

function lower(byte: number): number {
	return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** The IPv4 addresses among the first records from `at` on, as far as they are whole. */
function readAddresses(view: DataView, at: number, count: number): string[] {
	const addresses: string[] = [];
	let from = at;
	for (let index = 0; index < Math.min(count, RECORDS_MAX); index++) {
		const fixed = skipName(view, from);
		if (fixed === undefined || fixed + RECORD_FIXED_BYTES > view.byteLength) break;
		const length = view.getUint16(fixed + 8);
		const data = fixed + RECORD_FIXED_BYTES;
		if (data + length > view.byteLength) break;
		const isAddress =
			view.getUint16(fixed) === TYPE_ADDRESS &&
			view.getUint16(fixed + 2) === CLASS_INTERNET &&
			length === ADDRESS_BYTES;
		if (isAddress) addresses.push(addressAt(view, data));
		from = data + length;
	}
	return addresses;
}

/** Behind the name at `at`: labels up to an end or a pointer. Pointers are not followed. */
function skipName(view: DataView, at: number): number | undefined {
	for (let from = at; from < view.byteLength;) {
		const length = view.getUint8(from);
		if (length === 0) return from + 1;
		if ((length & POINTER) === POINTER) return from + 2;
		if (length > LABEL_BYTES_MAX) return undefined;
		from += 1 + length;
	}
	return undefined;
}

function addressAt(view: DataView, at: number): string {
	const parts = [0, 1, 2, 3].map((index) => view.getUint8(at + index));
	return parts.join(".");
}
