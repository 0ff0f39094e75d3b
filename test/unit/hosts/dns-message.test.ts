// DNS messages, on both engines: real ones, and what a hostile server may send.

import { encodeQuestion, readAnswer } from "../../../hosts/support/dns-message.js";

const ID = 0xbeef;
const HOST = "broker.example";
const question = encodeQuestion(ID, HOST) as Uint8Array;

/** RFC 1035 §4.1.2: 6 "broker" 7 "example" 0, type A, class IN. */
const QUESTION = [
	...[0xbe, 0xef, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0],
	...[6, 0x62, 0x72, 0x6f, 0x6b, 0x65, 0x72],
	...[7, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0],
	...[0, 1, 0, 1],
];

/** The answer with these records, after `change`. */
function answer(
	records: readonly (readonly number[])[],
	change: (bytes: Uint8Array) => void = () => undefined,
): Uint8Array {
	const bytes = Uint8Array.from([...question, ...records.flat()]);
	bytes[2] = 0x81;
	bytes[3] = 0x80;
	bytes[7] = records.length;
	change(bytes);
	return bytes;
}

/** A record whose name points at the question. */
function record(type: number, data: readonly number[]): number[] {
	return [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 0xff, ...data];
}

const ALIAS = record(5, [4, 0x6d, 0x61, 0x69, 0x6e, 0xc0, 19]);
const ADDRESS = record(1, [192, 0, 2, 7]);

describe("a DNS question", () => {
	it("has the bytes of RFC 1035", () => {
		expect([...question]).toEqual(QUESTION);
	});

	it("takes a dot at the end as meant", () => {
		expect([...(encodeQuestion(ID, `${HOST}.`) as Uint8Array)]).toEqual(QUESTION);
	});

	it("is not made for what cannot be a name", () => {
		const names = ["", ".", "a..b", ".a", "a".repeat(64), "a b", "caf\u00e9", "a\u0000b"];
		const long = Array.from({ length: 5 }, () => "a".repeat(60)).join(".");
		for (const name of [...names, long]) expect(encodeQuestion(ID, name)).toBe(undefined);
		expect(encodeQuestion(ID, "a".repeat(63))).not.toBe(undefined);
	});
});

describe("a DNS answer", () => {
	it("gives the addresses, behind aliases and other records", () => {
		const bytes = answer([ALIAS, record(28, new Array<number>(16).fill(1)), ADDRESS, ADDRESS]);
		expect(readAnswer(bytes, question)).toEqual({
			kind: "addresses",
			addresses: ["192.0.2.7", "192.0.2.7"],
		});
	});

	it("is taken where the server changed the case of letters", () => {
		const bytes = answer([ADDRESS], (changed) => (changed[13] = 0x42));
		expect(readAnswer(bytes, question)?.kind).toBe("addresses");
	});

	it("is taken from anywhere in a larger buffer", () => {
		const bytes = answer([ADDRESS]);
		const larger = new Uint8Array(bytes.length + 9).fill(0xff);
		larger.set(bytes, 5);
		const part = larger.subarray(5, 5 + bytes.length);
		expect(readAnswer(part, question)?.kind).toBe("addresses");
	});

	it("says that a name does not exist, or has no address", () => {
		const missing = { kind: "missing" };
		expect(
			readAnswer(
				answer([], (bytes) => (bytes[3] = 0x83)),
				question,
			),
		).toEqual(missing);
		expect(readAnswer(answer([]), question)).toEqual(missing);
		expect(readAnswer(answer([ALIAS]), question)).toEqual(missing);
	});

	it("says that the server cannot or will not answer", () => {
		for (const code of [1, 2, 4, 5]) {
			const bytes = answer([], (changed) => (changed[3] = 0x80 | code));
			expect(readAnswer(bytes, question)).toEqual({ kind: "refused" });
		}
	});

	it("is none where it answers another question", () => {
		const changes: ((bytes: Uint8Array) => void)[] = [
			(bytes) => (bytes[0] = 0), // another id
			(bytes) => (bytes[1] = 0),
			(bytes) => (bytes[2] = 0x01), // a question
			(bytes) => (bytes[2] = 0xa9), // another operation
			(bytes) => (bytes[5] = 0), // no question within
			(bytes) => (bytes[5] = 2),
			(bytes) => (bytes[14] = 0x7a), // another name
			(bytes) => (bytes[question.length - 3] = 28), // another type
			(bytes) => (bytes[question.length - 1] = 3), // another class
		];
		for (const change of changes) {
			expect(readAnswer(answer([ADDRESS], change), question)).toBe(undefined);
		}
	});

	it("gives only what is whole, wherever it is cut", () => {
		const bytes = answer([ALIAS, ADDRESS, ADDRESS]);
		for (let length = 0; length < bytes.length; length++) {
			const read = readAnswer(bytes.subarray(0, length), question);
			if (length < question.length) expect(read).toBe(undefined);
			else expect(read?.kind === "addresses" ? read.addresses.length : 0).toBeLessThan(2);
		}
	});

	it("gives nothing of records whose lengths and names lie", () => {
		const lies = [
			record(1, [192, 0, 2]),
			record(1, [192, 0, 2, 7, 1]),
			[0xc0, 12, 0, 1, 0, 3, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4], // class CHAOS
			[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0xff, 0xff, 1, 2, 3, 4],
			[0x80, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4], // a label type of its own
			[63, 1, 2, 3],
			// The same, long enough to be taken for a label.
			[0x41, ...new Array<number>(65).fill(1), 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4],
		];
		for (const lie of lies) {
			expect(readAnswer(answer([lie]), question)).toEqual({ kind: "missing" });
		}
	});

	it("is looked through no further than a few records", () => {
		const many = Array.from({ length: 200 }, () => ADDRESS);
		const read = readAnswer(answer(many), question);
		expect(read?.kind === "addresses" && read.addresses.length).toBe(16);
	});

	it("never throws, whatever byte is changed", () => {
		const bytes = answer([ALIAS, ADDRESS]);
		for (let at = 0; at < bytes.length; at++) {
			for (const value of [0, 1, 63, 64, 0x7f, 0x80, 0xc0, 0xff]) {
				const changed = bytes.slice();
				changed[at] = value;
				const read = readAnswer(changed, question);
				expect(read === undefined || typeof read.kind === "string").toBe(true);
			}
		}
	});
});
