// Random values and random bytes, and npm's cbor-x as an independent opinion.

import { Encoder, Tag } from "cbor-x";
import { Random } from "../../../hosts/simulator/random.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { toHex } from "../../../src/bytes/hex.js";
import { decode } from "../../../src/cbor/decode.js";
import { encode } from "../../../src/cbor/encode.js";
import { Tagged, type CBORKey, type CBORValue } from "../../../src/cbor/value.js";
import { chosenSeed } from "../../support/seed.js";

const ROUNDS = 3000;
const SEED = chosenSeed();

function randomNumber(random: Random): number {
	switch (random.integer(0, 5)) {
		case 0:
			return random.integer(-30, 30);
		case 1:
			return random.uint32();
		case 2:
			return (random.integer(-(2 ** 20), 2 ** 20) * 2 ** 32 + random.uint32()) | 0;
		case 3:
			return random.integer(-100_000, 100_000) / 8;
		case 4:
			return Math.fround(random.fraction());
		default:
			return random.fraction() * 10 ** random.integer(-300, 10);
	}
}

function randomText(random: Random): string {
	const points = ["a", "Z", "0", "\0", "\u00e9", "\u6c34", "\u{1f600}", '"'];
	return Array.from({ length: random.integer(0, 30) }, () => random.pick(points)).join("");
}

function randomValue(random: Random, depth: number): CBORValue {
	switch (random.integer(0, depth > 0 ? 8 : 5)) {
		case 0:
			return random.pick([true, false, null]);
		case 1:
			return random.bytes(random.integer(0, 300));
		case 2:
			return randomText(random);
		case 6:
			return Array.from({ length: random.integer(0, 5) }, () => randomValue(random, depth - 1));
		case 7: {
			const map = new Map<CBORKey, CBORValue>();
			for (let count = random.integer(0, 5); count > 0; count--) {
				const key = random.oneIn(2) ? randomText(random) : random.integer(-70_000, 70_000);
				map.set(key, randomValue(random, depth - 1));
			}
			return map;
		}
		case 8:
			return new Tagged(random.integer(70_000, 80_000), randomValue(random, depth - 1));
		default:
			return randomNumber(random);
	}
}

/** What cbor-x decodes, in our own types. */
function normal(value: unknown): CBORValue {
	if (value instanceof Tag) {
		return new Tagged((value as unknown as { tag: number }).tag, normal(value.value));
	}
	if (value instanceof Uint8Array) return new Uint8Array(value);
	if (Array.isArray(value)) return value.map(normal);
	if (value instanceof Map) {
		return new Map([...value].map(([key, item]) => [key as CBORKey, normal(item)]));
	}
	return typeof value === "bigint" ? Number(value) : (value as CBORValue);
}

/** cbor-x gives tags of its own a meaning: packed values, shared references, dates. */
function hasTag(value: CBORValue): boolean {
	if (value instanceof Tagged) return true;
	if (Array.isArray(value)) return value.some(hasTag);
	return value instanceof Map && [...value.values()].some(hasTag);
}

beforeAll(() => console.log(`HOLDFAST_SEED=${SEED}`));

describe("random CBOR", () => {
	const other = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false });

	it("round-trips, and cbor-x reads the same from it", () => {
		const random = new Random(SEED);
		for (let round = 0; round < ROUNDS; round++) {
			const value = randomValue(random, 4);
			const bytes = encode(value);
			const decoded = decode(bytes);
			expect(decoded.kind).toBe("decoded");
			if (decoded.kind === "rejected") return;
			expect(toHex(encode(decoded.value))).toBe(toHex(bytes));
			expect(normal(other.decode(bytes))).toEqual(decoded.value);
		}
	});

	it("gives back byte for byte whatever it accepts of mutated and random bytes", () => {
		const random = new Random(SEED);
		let accepted = 0;
		for (let round = 0; round < ROUNDS * 3; round++) {
			const bytes = random.oneIn(3)
				? random.bytes(random.integer(0, 24))
				: encode(randomValue(random, 2)).slice();
			if (bytes.length > 0) bytes[random.integer(0, bytes.length - 1)] = random.uint32() & 0xff;
			const decoded = decode(bytes);
			if (decoded.kind === "rejected") continue;
			accepted++;
			expect(toHex(encode(decoded.value))).toBe(toHex(bytes));
			if (!hasTag(decoded.value)) expect(normal(other.decode(bytes))).toEqual(decoded.value);
		}
		expect(accepted).toBeGreaterThan(100);
	});
});

describe("random UTF-8", () => {
	it("agrees with the platform's encoder", () => {
		const random = new Random(SEED);
		for (let round = 0; round < 500; round++) {
			const text = randomText(random);
			expect(toHex(encodeUTF8(text))).toBe(Buffer.from(text, "utf8").toString("hex"));
		}
	});
});
