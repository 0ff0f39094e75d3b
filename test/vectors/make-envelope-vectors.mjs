// Makes envelope.json with node:crypto and cbor-x alone: nothing here knows the code under test.
// Run it as `node test/vectors/make-envelope-vectors.mjs > test/vectors/envelope.json` when the
// format changes.

import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { Encoder, Tag } from "cbor-x";

// Maps as they are, in the order given: every map below is written in the order of RFC 8949 §4.2.1.
const cbor = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false });
const encode = (value) => Buffer.from(cbor.encode(value));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

// RFC 8032 §7.1, tests 1 and 2
const DEVICE = key("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
const OPERATOR = key("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");

// The eight points of small order, by order: 1, 2, 4, 4, 8, 8, 8, 8 (test material of
// ed25519-speccheck and of libsodium's blocklist).
const ORDER_8_FIRST = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
const ORDER_8_SECOND = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
const IDENTITY = `01${"00".repeat(31)}`;
const SMALL_ORDER = [
	IDENTITY,
	`ec${"ff".repeat(30)}7f`,
	"00".repeat(32),
	`${"00".repeat(31)}80`,
	ORDER_8_FIRST,
	`${ORDER_8_FIRST.slice(0, 62)}85`,
	ORDER_8_SECOND,
	`${ORDER_8_SECOND.slice(0, 62)}fa`,
];
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const TELEMETRY = "holdfast/kelp-7/telemetry";
// [{-3: 1767225600, 0: "temperature", 1: "Cel", 2: 21.5}, {0: "humidity", 1: "%RH", 2: 50}]
// By hand, since cbor-x writes 21.5 with 8 bytes.
const READING = Buffer.from(
	"82a4006b74656d7065726174757265016343656c02f94d60221a6955b900" +
		"a3006868756d69646974790163255248021832",
	"hex",
);

function makeVectors() {
	return {
		source: "test/vectors/make-envelope-vectors.mjs: node:crypto and cbor-x; keys of RFC 8032 §7.1",
		sealed: [
			sealed("a reading", DEVICE, {
				topic: TELEMETRY,
				contentType: 112,
				payload: READING,
				sequence: 1025,
				previous: 7,
				time: { unixSeconds: 1767225600, quality: 3 },
			}),
			sealed("the first message of a device that has no time", DEVICE, {
				topic: "holdfast/kelp-7/event",
				contentType: "application/vnd.holdfast.event+cbor",
				payload: encode(new Map([["name", "boot"]])),
				sequence: 1,
			}),
			sealed("a gap record", DEVICE, {
				topic: "holdfast/kelp-7/event",
				contentType: "application/vnd.holdfast.gap+cbor",
				payload: encode([gap(1026, 1089, 60), gap(1091, 1091, 1)]),
				sequence: 1200,
				previous: 1199,
				time: { unixSeconds: 1767229200, quality: 2 },
			}),
			sealed("a command", OPERATOR, {
				topic: "holdfast/kelp-7/command",
				contentType: "application/vnd.holdfast.command+cbor",
				payload: encode(
					new Map([
						["name", "set-interval"],
						["arguments", new Map([["intervalMs", 5000]])],
					]),
				),
				sequence: 42,
				audience: "kelp-7",
				expiresAt: 1767225660,
				notBefore: 1767225600,
				time: { unixSeconds: 1767225600, quality: 4 },
			}),
			sealed("the result of that command", DEVICE, {
				topic: "holdfast/kelp-7/result",
				contentType: "application/vnd.holdfast.result+cbor",
				payload: encode(
					new Map([
						["detail", new Map([["intervalMs", 5000]])],
						["command", 42],
						["outcome", "done"],
						["operator", OPERATOR.keyId],
					]),
				),
				sequence: 1201,
				previous: 1200,
			}),
		],
		refused: [
			...SMALL_ORDER.map((point, index) => smallOrder(point, index + 1)),
			{ ...tampered("S + L", addGroupOrder), reason: "signature-s" },
			{
				...tampered("R of small order", (signature) =>
					Buffer.concat([Buffer.from(IDENTITY, "hex"), signature.subarray(32)]),
				),
				reason: "signature-r",
			},
			{ ...sealed("another topic", DEVICE, base()), topic: `${TELEMETRY}2`, reason: "signature" },
		],
	};
}

function base() {
	return { topic: TELEMETRY, contentType: 112, payload: READING, sequence: 1025, previous: 7 };
}

function key(seed) {
	const der = Buffer.concat([
		Buffer.from("302e020100300506032b657004220420", "hex"),
		Buffer.from(seed, "hex"),
	]);
	const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
	const { x } = createPublicKey(privateKey).export({ format: "jwk" });
	const publicKey = Buffer.from(x, "base64url");
	return { privateKey, publicKey, keyId: keyIdOf(publicKey) };
}

function keyIdOf(publicKey) {
	return createHash("sha256").update(publicKey).digest().subarray(0, 8);
}

function gap(first, last, count) {
	return new Map([
		["last", last],
		["count", count],
		["first", first],
		["reason", "outbox-full"],
	]);
}

function header(request, keyId) {
	const sequence = Buffer.alloc(8);
	sequence.writeBigUInt64BE(BigInt(request.sequence));
	const claims = [
		[3, request.audience],
		[4, request.expiresAt],
		[5, request.notBefore],
		[6, request.time?.unixSeconds],
		[7, sequence],
		[-65537, request.time?.quality],
		[-65538, request.previous],
	].filter(([, value]) => value !== undefined);
	return encode(
		new Map([
			[1, -8],
			[3, request.contentType],
			[4, keyId],
			[15, new Map(claims)],
		]),
	);
}

function structure(request, protectedHeader) {
	const aad = Buffer.from(request.topic, "utf8");
	return encode(["Signature1", protectedHeader, aad, request.payload]);
}

function message(protectedHeader, payload, signature) {
	return encode(new Tag([protectedHeader, new Map(), payload, signature], 18));
}

function sealed(name, signer, request, change = (signature) => signature) {
	const protectedHeader = header(request, signer.keyId);
	const signed = structure(request, protectedHeader);
	const signature = change(sign(null, signed, signer.privateKey));
	const { payload, ...fields } = request;
	return {
		name,
		publicKey: hex(signer.publicKey),
		keyId: hex(signer.keyId),
		...fields,
		payload: hex(payload),
		toBeSigned: hex(signed),
		envelope: hex(message(protectedHeader, payload, signature)),
	};
}

function tampered(name, change) {
	return sealed(name, DEVICE, base(), change);
}

/**
 * A "signature" of R = identity and S = 0, which loose verifiers accept under some of these keys.
 */
function smallOrder(point, number) {
	const publicKey = Buffer.from(point, "hex");
	const signer = { ...DEVICE, publicKey, keyId: keyIdOf(publicKey) };
	const forged = Buffer.concat([Buffer.from(IDENTITY, "hex"), Buffer.alloc(32)]);
	return {
		...sealed(`small-order key ${number}`, signer, base(), () => forged),
		reason: "small-order-key",
	};
}

function addGroupOrder(signature) {
	const reversed = Buffer.from(signature.subarray(32)).reverse();
	const sum = (BigInt(`0x${hex(reversed)}`) + GROUP_ORDER).toString(16).padStart(64, "0");
	return Buffer.concat([signature.subarray(0, 32), Buffer.from(sum, "hex").reverse()]);
}

process.stdout.write(`${JSON.stringify(makeVectors(), undefined, "\t")}\n`);
