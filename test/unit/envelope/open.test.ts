import { encode } from "../../../src/cbor/encode.js";
import { Tagged, type CBORKey, type CBORValue } from "../../../src/cbor/value.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import { ENVELOPE_BYTES_MAX, ENVELOPE_PAYLOAD_BYTES_MAX } from "../../../src/limits.js";
import { open, type Envelope, type Opened } from "../../../src/envelope/open.js";
import { seal, type SealRequest } from "../../../src/envelope/seal.js";
import { toyCrypto, toyKey } from "../../support/toy-signature.js";

const TOPIC = "holdfast/kelp-7/telemetry";
const KEY = toyKey(7);
const REQUEST: SealRequest = {
	topic: TOPIC,
	contentType: 112,
	payload: Uint8Array.of(1, 2, 3),
	sequence: 1025,
	previous: 12,
	time: { unixSeconds: 1_700_000_000, quality: 3 },
};

function envelopeOf(request: SealRequest): Envelope {
	const envelope: Record<string, unknown> = { ...request, keyId: KEY.keyId };
	delete envelope["topic"];
	return envelope as unknown as Envelope;
}

function keyOf(keyId: Uint8Array): Uint8Array | undefined {
	return keyId[0] === 7 ? KEY.publicKey : undefined;
}

function openAs(bytes: Uint8Array, topic = TOPIC): Opened {
	return open(bytes, topic, keyOf, toyCrypto);
}

function reasonOf(bytes: Uint8Array, topic = TOPIC): string {
	const opened = openAs(bytes, topic);
	return opened.kind === "rejected" ? opened.reason : "opened";
}

interface Parts {
	parameters?: [CBORKey, CBORValue][];
	claims?: [CBORKey, CBORValue][];
	unprotected?: [CBORKey, CBORValue][];
	payload?: CBORValue;
	tag?: number;
	header?: Uint8Array;
}

const CLAIMS: [CBORKey, CBORValue][] = [[7, Uint8Array.of(0, 0, 0, 0, 0, 0, 4, 1)]];
const PARAMETERS: [CBORKey, CBORValue][] = [
	[1, -8],
	[3, 112],
	[4, KEY.keyId],
];

/** A message put together by hand and signed well: only its form can be wrong. */
function craft(parts: Parts): Uint8Array {
	const claims = new Map(parts.claims ?? CLAIMS);
	const parameters = new Map<CBORKey, CBORValue>([
		[15, claims],
		...(parts.parameters ?? PARAMETERS),
	]);
	const header = parts.header ?? encode(parameters);
	const payload = parts.payload === undefined ? REQUEST.payload : parts.payload;
	const signature = KEY.sign(encode(["Signature1", header, encodeUTF8(TOPIC), payload]));
	const message = [header, new Map(parts.unprotected ?? []), payload, signature];
	return encode(new Tagged(parts.tag ?? 18, message));
}

function withClaim(key: CBORKey, value: CBORValue): string {
	return reasonOf(craft({ claims: [...CLAIMS, [key, value]] }));
}

describe("open", () => {
	it("gives back what was sealed", () => {
		const opened = openAs(seal(REQUEST, KEY));
		expect(opened).toEqual({ kind: "opened", envelope: envelopeOf(REQUEST) });
	});

	it("gives back every claim of a command, and leaves out what was left out", () => {
		const command: SealRequest = {
			topic: TOPIC,
			contentType: "application/vnd.holdfast.command+cbor",
			payload: new Uint8Array(0),
			sequence: 1,
			audience: "kelp-7",
			expiresAt: 1_700_000_060,
			notBefore: 1_700_000_000,
		};
		const opened = openAs(seal(command, KEY));
		expect(opened).toEqual({ kind: "opened", envelope: envelopeOf(command) });
		expect(opened.kind === "opened" && Object.keys(opened.envelope)).not.toContain("time");
	});

	it("opens a message made by hand to the letter of the format", () => {
		expect(reasonOf(craft({}))).toBe("opened");
	});

	it("refuses another topic: the topic is signed", () => {
		expect(reasonOf(seal(REQUEST, KEY), "holdfast/kelp-8/telemetry")).toBe("signature");
		expect(reasonOf(seal(REQUEST, KEY), "")).toBe("signature");
		expect(reasonOf(seal(REQUEST, KEY), "\ud800")).toBe("signature");
	});

	it("refuses a key it does not know, and says whose it claims to be", () => {
		const opened = openAs(seal(REQUEST, toyKey(8)));
		expect(opened).toEqual({
			kind: "rejected",
			reason: "unknown-key",
			keyId: new Uint8Array(8).fill(8),
			sequence: 1025,
		});
	});

	it("refuses a stranger's signature under a known key id", () => {
		const impostor = { keyId: KEY.keyId, sign: toyKey(8).sign };
		expect(reasonOf(seal(REQUEST, impostor))).toBe("signature");
	});

	it("refuses every algorithm but EdDSA", () => {
		for (const algorithm of [-7, -19, 5, 0, "EdDSA", null]) {
			const parameters: [CBORKey, CBORValue][] = [[1, algorithm], ...PARAMETERS.slice(1)];
			expect(reasonOf(craft({ parameters }))).toBe("algorithm");
		}
		expect(reasonOf(craft({ parameters: PARAMETERS.slice(1) }))).toBe("algorithm");
	});

	it("refuses headers that lack a parameter or have one more", () => {
		expect(reasonOf(craft({ parameters: [PARAMETERS[0]!, PARAMETERS[1]!] }))).toBe("header");
		expect(reasonOf(craft({ parameters: [PARAMETERS[0]!, PARAMETERS[2]!] }))).toBe("header");
		expect(reasonOf(craft({ parameters: [...PARAMETERS, [2, [3]]] }))).toBe("header");
		expect(reasonOf(craft({ parameters: [...PARAMETERS, ["x", 1]] }))).toBe("header");
		expect(reasonOf(craft({ claims: [] }))).toBe("header");
	});

	it("refuses claims that are unknown, of the wrong type or out of bounds", () => {
		expect(withClaim(1, "issuer")).toBe("header");
		expect(withClaim(3, "")).toBe("header");
		expect(withClaim(3, "x".repeat(65))).toBe("header");
		expect(withClaim(4, 1.5)).toBe("header");
		expect(withClaim(5, -1)).toBe("header");
		expect(withClaim(-65538, 0)).toBe("header");
		expect(withClaim(-65538, 1024)).toBe("opened");
		expect(withClaim(-65539, 0)).toBe("header");
	});

	it("refuses a previous sequence that is not before its own", () => {
		expect(withClaim(-65538, 1025)).toBe("header");
		expect(withClaim(-65538, 1026)).toBe("header");
	});

	it("refuses time without quality, quality without time, and qualities that do not exist", () => {
		const time: [CBORKey, CBORValue] = [6, 1_700_000_000];
		expect(withClaim(6, 1_700_000_000)).toBe("header");
		expect(withClaim(-65537, 3)).toBe("header");
		for (const [quality, reason] of [
			[0, "header"],
			[1, "opened"],
			[4, "opened"],
			[5, "header"],
		] as const) {
			expect(reasonOf(craft({ claims: [...CLAIMS, time, [-65537, quality]] }))).toBe(reason);
		}
	});

	it("refuses sequences of zero, beyond 2^53 - 1 and of other lengths", () => {
		for (const bytes of [
			[0, 0, 0, 0, 0, 0, 0, 0],
			[0, 0x20, 0, 0, 0, 0, 0, 0],
			[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
			[0, 0, 0, 0, 0, 0, 1],
			[0, 0, 0, 0, 0, 0, 0, 0, 1],
		]) {
			expect(reasonOf(craft({ claims: [[7, Uint8Array.from(bytes)]] }))).toBe("header");
		}
		const last = Uint8Array.of(0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
		expect(reasonOf(craft({ claims: [[7, last]] }))).toBe("opened");
	});

	// RFC 9052 §3: what is unprotected is unsigned.
	it("refuses anything in the unprotected header", () => {
		expect(reasonOf(craft({ unprotected: [[4, KEY.keyId]] }))).toBe("unprotected");
	});

	it("refuses other structures", () => {
		const sound = craft({});
		expect(reasonOf(craft({ tag: 17 }))).toBe("malformed");
		expect(reasonOf(sound.slice(1))).toBe("malformed"); // untagged
		expect(reasonOf(craft({ payload: null }))).toBe("malformed"); // detached
		expect(reasonOf(new Uint8Array(0))).toBe("malformed");
		expect(reasonOf(encode(new Tagged(18, [new Uint8Array(0), new Map()])))).toBe("malformed");
		const short = encode(
			new Tagged(18, [new Uint8Array(0), new Map(), REQUEST.payload, new Uint8Array(63)]),
		);
		expect(reasonOf(short)).toBe("malformed");
		expect(reasonOf(Uint8Array.of(0xd2, 0x85, ...sound.slice(2), 0))).toBe("malformed");
		expect(reasonOf(craft({ header: encode([1, -8]) }))).toBe("algorithm");
		expect(reasonOf(craft({ header: new Uint8Array(0) }))).toBe("malformed");
	});

	it("refuses every truncation and every appended byte", () => {
		const sound = craft({});
		for (let length = 0; length < sound.length; length++) {
			expect(reasonOf(sound.slice(0, length))).toBe("malformed");
		}
		expect(reasonOf(Uint8Array.of(...sound, 0))).toBe("malformed");
	});

	// RFC 8949 §4.2.1
	it("refuses a message or header that is not deterministic", () => {
		const sound = craft({});
		expect(sound[0]).toBe(0xd2);
		expect(reasonOf(Uint8Array.of(0xd8, 18, ...sound.slice(1)))).toBe("not-deterministic");
		const ordered = encode(new Map<CBORKey, CBORValue>([...PARAMETERS, [15, new Map(CLAIMS)]]));
		expect(reasonOf(craft({ header: ordered }))).toBe("opened");
		// The first two entries, 1: -8 and 3: 112, in the wrong order.
		const swapped = Uint8Array.of(ordered[0]!, 3, 0x18, 112, 1, 0x27, ...ordered.slice(6));
		expect(reasonOf(craft({ header: swapped }))).toBe("not-deterministic");
	});

	it("refuses payloads and messages over their limits before it verifies", () => {
		const sealed = craft({ payload: new Uint8Array(ENVELOPE_PAYLOAD_BYTES_MAX) });
		expect(reasonOf(sealed)).toBe("opened");
		const large = craft({ payload: new Uint8Array(ENVELOPE_PAYLOAD_BYTES_MAX + 1) });
		expect(reasonOf(large)).toBe("too-large");
		expect(reasonOf(new Uint8Array(ENVELOPE_BYTES_MAX + 1))).toBe("too-large");
	});

	it("never verifies what it refuses by form", () => {
		const untouchable = {
			ed25519Verify: () => {
				throw new Error("verified");
			},
		};
		const header = craft({ parameters: [...PARAMETERS, [2, [3]]] });
		expect(open(header, TOPIC, keyOf, untouchable).kind).toBe("rejected");
		expect(() => open(craft({}), TOPIC, keyOf, untouchable)).toThrow("verified");
	});
});

describe("seal", () => {
	it("stays below the limit of a whole message in its largest form", () => {
		const largest: SealRequest = {
			topic: TOPIC,
			contentType: "t".repeat(64),
			payload: new Uint8Array(ENVELOPE_PAYLOAD_BYTES_MAX),
			sequence: Number.MAX_SAFE_INTEGER,
			previous: Number.MAX_SAFE_INTEGER - 1,
			time: { unixSeconds: 253_402_300_799, quality: 4 },
			audience: "a".repeat(64),
			expiresAt: 253_402_300_799,
			notBefore: 253_402_300_799,
		};
		const sealed = seal(largest, KEY);
		expect(sealed.length).toBeLessThanOrEqual(ENVELOPE_BYTES_MAX);
		expect(reasonOf(sealed)).toBe("opened");
	});

	it("throws for requests that no one could open", () => {
		const wrong: Partial<SealRequest>[] = [
			{ sequence: 0 },
			{ sequence: 2 ** 53 },
			{ previous: 1025 },
			{ payload: new Uint8Array(ENVELOPE_PAYLOAD_BYTES_MAX + 1) },
			{ topic: "" },
			{ contentType: -1 },
			{ contentType: "" },
			{ time: { unixSeconds: -1, quality: 3 } },
			{ time: { unixSeconds: 1, quality: 0 } },
			{ audience: "" },
		];
		for (const part of wrong) {
			expect(() => seal({ ...REQUEST, ...part }, KEY)).toThrow();
		}
	});
});
