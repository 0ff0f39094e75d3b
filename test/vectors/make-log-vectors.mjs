// Makes security-log.json with node:crypto and cbor-x alone: nothing here knows the code under
// test. Run it as `node test/vectors/make-log-vectors.mjs > test/vectors/security-log.json` when
// the format changes.

import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { Encoder, Tag } from "cbor-x";

// Maps as they are, in the order given: every map below is written in the order of RFC 8949 §4.2.1.
const cbor = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false });
const encode = (value) => Buffer.from(cbor.encode(value));
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

// RFC 8032 §7.1, test 1
const SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const privateKey = createPrivateKey({
	key: Buffer.from(`302e020100300506032b657004220420${SEED}`, "hex"),
	format: "der",
	type: "pkcs8",
});
const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
const LABEL = "\u0000holdfast/log/checkpoint/1";

const first = encode(
	new Map([
		[1, 1],
		[2, Buffer.alloc(32)],
		[3, "provisioning-locked"],
		[5, 7],
	]),
);
const second = encode(
	new Map([
		[1, 2],
		[2, sha256(first)],
		[3, "command-refused"],
		[
			4,
			new Map([
				["reason", "replayed"],
				["operator", "21fe31dfa154a261"],
				["sequence", 9],
			]),
		],
		[5, 65],
		[6, 1767225600],
		[7, 3],
	]),
);
const checkpoint = signed(
	encode(
		new Map([
			[1, 2],
			[2, sha256(second)],
			[3, 1],
			[4, 1767225660],
			[5, 3],
		]),
	),
);
const batch = encode(
	new Map([
		["entries", [first, second]],
		["checkpoint", checkpoint.message],
	]),
);

process.stdout.write(
	`${JSON.stringify(
		{
			source: "test/vectors/make-log-vectors.mjs: node:crypto and cbor-x; the key of RFC 8032 §7.1",
			publicKey: hex(publicKey),
			entries: [hex(first), hex(second)],
			hashes: [hex(sha256(first)), hex(sha256(second))],
			checkpoint: hex(checkpoint.message),
			toBeSigned: hex(checkpoint.toBeSigned),
			batch: hex(batch),
		},
		null,
		"\t",
	)}\n`,
);

function signed(payload) {
	const header = encode(
		new Map([
			[1, -8],
			[3, "application/vnd.holdfast.checkpoint+cbor"],
			[4, sha256(publicKey).subarray(0, 8)],
		]),
	);
	const toBeSigned = encode(["Signature1", header, Buffer.from(LABEL), payload]);
	const signature = sign(null, toBeSigned, privateKey);
	return { toBeSigned, message: encode(new Tag([header, new Map(), payload, signature], 18)) };
}
