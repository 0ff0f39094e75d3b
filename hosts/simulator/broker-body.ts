// The fields of an MQTT packet's body, each checked against the body's end before it is read. For
// broker-reader.ts.

/** A client broke the standard: the clause says where. */
export class ClientViolation extends Error {
	readonly clause: string;
	readonly detail: string;
	/** The refusal in a CONNACK that the standard wants before the connection is closed. */
	readonly connackCode: number | undefined;

	constructor(clause: string, detail: string, connackCode?: number) {
		super(`[${clause}] ${detail}`);
		this.clause = clause;
		this.detail = detail;
		this.connackCode = connackCode;
	}

	override get name(): string {
		return "ClientViolation";
	}
}

export class BodyCursor {
	readonly #bytes: Uint8Array;
	#at = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	get isAtEnd(): boolean {
		return this.#at === this.#bytes.length;
	}

	byte(): number {
		const byte = this.#bytes[this.#at];
		if (byte === undefined) throw new ClientViolation("MQTT §2.2.3", "the packet ends in a field");
		this.#at++;
		return byte;
	}

	uint16(): number {
		const high = this.byte();
		return high * 256 + this.byte();
	}

	packetId(): number {
		const packetId = this.uint16();
		if (packetId === 0) throw new ClientViolation("MQTT-2.3.1-1", "packet id 0");
		return packetId;
	}

	/** Bytes with their length in front. A copy. */
	binary(): Uint8Array {
		return this.#field().slice();
	}

	/** A UTF-8 string (§1.5.3). */
	text(): string {
		return decodeText(this.#field());
	}

	topicName(): string {
		const topic = this.text();
		if (topic === "") throw new ClientViolation("MQTT-4.7.3-1", "empty topic");
		if (topic.includes("+") || topic.includes("#")) {
			throw new ClientViolation("MQTT-3.3.2-2", "wildcard in a topic name");
		}
		return topic;
	}

	topicFilter(): string {
		const filter = this.text();
		if (filter === "") throw new ClientViolation("MQTT-4.7.3-1", "empty topic filter");
		const levels = filter.split("/");
		levels.forEach((level, index) => {
			if (level.includes("#") && (level !== "#" || index !== levels.length - 1)) {
				throw new ClientViolation("MQTT-4.7.1-2", "# is a level of its own, and the last");
			}
			if (level.includes("+") && level !== "+") {
				throw new ClientViolation("MQTT-4.7.1-3", "+ is a level of its own");
			}
		});
		return filter;
	}

	/** All that is left. A copy. */
	rest(): Uint8Array {
		const rest = this.#bytes.slice(this.#at);
		this.#at = this.#bytes.length;
		return rest;
	}

	#field(): Uint8Array {
		const length = this.uint16();
		const end = this.#at + length;
		if (end > this.#bytes.length) {
			throw new ClientViolation("MQTT §1.5.3", "a field is longer than its packet");
		}
		const field = this.#bytes.subarray(this.#at, end);
		this.#at = end;
		return field;
	}
}

function decodeText(bytes: Uint8Array): string {
	let text = "";
	for (let at = 0; at < bytes.length;) {
		const first = bytes[at] as number;
		if (first === 0) throw new ClientViolation("MQTT-1.5.3-2", "U+0000 in a string");
		if (first < 0x80) {
			text += String.fromCharCode(first);
			at++;
			continue;
		}
		const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
		text += String.fromCodePoint(codePoint(bytes.subarray(at, at + size), size));
		at += size;
	}
	return text;
}

/** Table 3-7 of the Unicode standard: the well-formed sequences of two, three and four bytes. */
function codePoint(sequence: Uint8Array, size: number): number {
	const [first, second, ...others] = sequence as unknown as [number, number, ...number[]];
	const isContinued = (byte: number | undefined, least = 0x80, most = 0xbf) =>
		byte !== undefined && byte >= least && byte <= most;
	const isFirst = (first >= 0xc2 && first <= 0xdf) || (first >= 0xe0 && first <= 0xf4);
	const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
	const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
	const isWhole = sequence.length === size && others.every((byte) => isContinued(byte));
	if (!isFirst || !isWhole || !isContinued(second, least, most)) {
		throw new ClientViolation("MQTT-1.5.3-1", "not UTF-8");
	}
	const lead = first & (0xff >> (size + 1));
	return [second, ...others].reduce((code, byte) => code * 64 + (byte & 0x3f), lead);
}
