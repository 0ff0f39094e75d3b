import { encode } from "../../../src/cbor/encode.js";
import type { CBORKey, CBORValue } from "../../../src/cbor/value.js";
import { PROVISIONING_CHUNK_BYTES, PROVISIONING_MESSAGE_BYTES_MAX } from "../../../src/limits.js";
import {
	REQUEST_TYPES,
	decodeMessage,
	encodeMessage,
	type Message,
	type MessageFields,
	type RequestName,
} from "../../../src/provisioning/messages.js";
import { Random } from "../../../hosts/simulator/random.js";
import { chosenSeed } from "../../support/seed.js";

const ID = 0xffffffff;

function message(name: Message["name"], fields: MessageFields): Message {
	return { id: ID, name, fields };
}

/** The greatest message of each kind. */
const GREATEST: readonly Message[] = [
	message("hello", {
		state: "committed",
		hardwareId: "h".repeat(32),
		firmware: "f".repeat(24),
		configurationVersion: 1,
	}),
	message("status", { deviceId: "d".repeat(64), role: "candidate", digest: new Uint8Array(32) }),
	message("challenge", { nonce: new Uint8Array(16) }),
	message("keys", { publicKey: new Uint8Array(32), keyName: "tls-0" }),
	message("request", { deviceId: "d".repeat(64), offset: 7168 }),
	message("request", { offset: 7168, total: 7168, bytes: new Uint8Array(80) }),
	message("begin", { digest: new Uint8Array(32), total: 7168 }),
	message("chunk", { offset: 7168, bytes: new Uint8Array(PROVISIONING_CHUNK_BYTES) }),
	message("commit", { digest: new Uint8Array(32) }),
	message("unlock", { digest: new Uint8Array(32) }),
];

describe("provisioning messages", () => {
	it("fit a frame at their greatest, and are read as they were written", () => {
		for (const each of GREATEST) {
			const bytes = encodeMessage(each);
			expect(bytes.length).toBeLessThanOrEqual(PROVISIONING_MESSAGE_BYTES_MAX);
			expect(decodeMessage(bytes)).toEqual({ kind: "valid", message: each });
		}
	});

	it("cut a refusal's texts to fit", () => {
		const fields = {
			code: "configuration",
			path: "p".repeat(200),
			expected: "e".repeat(200),
		} as const;
		const bytes = encodeMessage(message("error", fields));
		expect(bytes.length).toBeLessThanOrEqual(PROVISIONING_MESSAGE_BYTES_MAX);
		const read = decodeMessage(bytes);
		expect(read.kind === "valid" && read.message.fields.path?.length).toBe(56);
		const none = encodeMessage(message("error", { code: "device-id", path: "deviceId" }));
		expect(decodeMessage(none).kind).toBe("valid");
	});

	it("of another version are told apart, with the id to answer to", () => {
		const map = new Map<CBORKey, CBORValue>([
			[0, 2],
			[1, 77],
			[2, 1],
		]);
		expect(decodeMessage(encode(map))).toEqual({
			kind: "invalid",
			id: 77,
			code: "version",
			path: "version",
			expected: "1",
		});
	});

	it("with a wrong field are refused with its name", () => {
		const wrong: [number, CBORValue, string][] = [
			[1, 0, "id"],
			[1, 2 ** 32, "id"],
			[2, 99, "type"],
			[3, -1, "offset"],
			[4, 0, "total"],
			[5, new Uint8Array(81), "bytes"],
			[6, new Uint8Array(31), "digest"],
			[7, new Uint8Array(15), "nonce"],
			[8, "", "deviceId"],
			[40, 1, "40"],
		];
		for (const [key, value, path] of wrong) {
			const map = new Map<CBORKey, CBORValue>([
				[0, 1],
				[1, 5],
				[2, 1],
			]);
			map.set(key, value);
			const read = decodeMessage(encode(map));
			expect(read.kind === "invalid" && [read.code, read.path]).toEqual(["malformed", path]);
		}
	});

	it("have a number of their own for each step", () => {
		const names = Object.keys(REQUEST_TYPES) as RequestName[];
		expect(new Set(Object.values(REQUEST_TYPES)).size).toBe(names.length);
		for (const name of names) {
			const read = decodeMessage(encodeMessage({ id: 1, name, fields: {} }));
			expect(read.kind === "valid" && read.message.name).toBe(name);
		}
	});

	it("of random bytes are refused, never thrown", () => {
		const seed = chosenSeed();
		const random = new Random(seed);
		for (let run = 0; run < 500; run++) {
			const bytes = encodeMessage(random.pick(GREATEST)).slice();
			for (let change = random.integer(1, 4); change > 0; change--) {
				bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
			}
			const read = decodeMessage(random.oneIn(2) ? bytes : random.bytes(random.integer(0, 116)));
			expect([seed, ["valid", "invalid"].includes(read.kind)]).toEqual([seed, true]);
			if (read.kind === "invalid") {
				const { id, code, path, expected } = read;
				const answer = encodeMessage({ id, name: "error", fields: { code, path, expected } });
				expect(answer.length).toBeLessThanOrEqual(PROVISIONING_MESSAGE_BYTES_MAX);
			}
		}
	});
});
