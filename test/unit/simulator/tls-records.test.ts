import { Random } from "../../../hosts/simulator/random.js";
import {
	plainRecord,
	RECORD_DATA,
	RECORD_HANDSHAKE,
	RECORD_HEADER_BYTES,
	RECORD_OVERHEAD_BYTES,
	RecordCipher,
	RecordReader,
	type TLSRecord,
} from "../../../hosts/simulator/tls-records.js";

const KEY = 0x1234567;

function recordOf(bytes: Uint8Array): TLSRecord {
	return { type: bytes[0] as number, body: bytes.subarray(RECORD_HEADER_BYTES) };
}

describe("RecordCipher", () => {
	it("opens what the other end protected, in order, and hides it on the way", () => {
		const random = new Random(2);
		const sending = new RecordCipher(KEY);
		const receiving = new RecordCipher(KEY);
		for (let length = 0; length < 100; length++) {
			const content = random.bytes(length);
			const record = sending.protect(RECORD_DATA, content);
			expect(record).toHaveLength(length + RECORD_OVERHEAD_BYTES);
			expect([...(receiving.open(recordOf(record)) ?? [])]).toEqual([...content]);
		}
	});

	it("opens nothing with one bit changed, nor under another key, twice or out of order", () => {
		const record = new RecordCipher(KEY).protect(RECORD_DATA, Uint8Array.of(1, 2, 3, 4, 5));
		let opened = 0;
		for (let bit = RECORD_HEADER_BYTES * 8; bit < record.length * 8; bit++) {
			const copy = record.slice();
			copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
			if (new RecordCipher(KEY).open(recordOf(copy))) opened++;
		}
		expect(opened).toBe(0);
		expect(new RecordCipher(KEY + 2).open(recordOf(record))).toBeUndefined();
		expect(new RecordCipher(KEY).open({ ...recordOf(record), type: 21 })).toBeUndefined();
		const receiving = new RecordCipher(KEY);
		expect(receiving.open(recordOf(record))).toBeDefined();
		expect(receiving.open(recordOf(record))).toBeUndefined();
	});
});

describe("RecordReader", () => {
	it("cuts records out of any pieces", () => {
		const stream = [...plainRecord(RECORD_HANDSHAKE, Uint8Array.of(7, 8, 9))];
		const reader = new RecordReader();
		const found: unknown[] = [];
		for (const byte of [...stream, ...stream]) {
			reader.push(Uint8Array.of(byte));
			for (let record = reader.next(); record; record = reader.next()) found.push(record);
		}
		const record = { type: RECORD_HANDSHAKE, body: Uint8Array.of(7, 8, 9) };
		expect(found).toEqual([record, record]);
	});

	it("refuses what is no TLS", () => {
		const streams = [
			[0x48, 0x54, 0x54, 0x50, 0x2f],
			[22, 2, 0, 0, 1],
			[22, 3, 3, 0xff, 0xff],
		];
		for (const stream of streams) {
			const reader = new RecordReader();
			reader.push(Uint8Array.from(stream));
			expect(reader.next()).toBe("broken");
		}
	});
});
