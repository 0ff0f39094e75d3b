// What tests of provisioning do again and again: ask step by step, sign as the operator, look at
// what a run has left.
import { createHash, sign } from "node:crypto";
import { toHex } from "../../src/bytes/hex.js";
import { type StatementSigner } from "../../src/provisioning/statement.js";
import { Random } from "../../hosts/simulator/random.js";
import { keyIdOf } from "../../tools/pki/device-record.js";
import { Conversation } from "../../tools/provision/conversation.js";
import type { Provisioned } from "../../tools/provision/station.js";
import { StationError } from "../../tools/provision/station-error.js";
import { VirtualTimer } from "../../hosts/simulator/timer.js";
import type { Bench } from "./provisioning-bench.js";
import { HARDWARE_ID } from "./provisioning-bench.js";

/** Asks as the station does, one request at a time. */
export function conversationWith(bench: Bench): Conversation {
	const timer = new VirtualTimer(bench.clock);
	const entropy = new Random(bench.clock.monotonicMs() + 99);
	return new Conversation({ port: bench.openPort(), timer, entropy, answerMs: 100, attempts: 3 });
}

export async function failure(promise: Promise<unknown>): Promise<StationError> {
	try {
		await promise;
	} catch (error) {
		if (error instanceof StationError) return error;
		throw error;
	}
	throw new Error("did not fail");
}

export function operatorOf(bench: Bench): StatementSigner {
	const publicKey = bench.fleet.operators()[0]?.publicKey as Uint8Array;
	return {
		keyId: keyIdOf(publicKey),
		sign: (message) => new Uint8Array(sign(null, message, bench.fleet.operatorKeys.privateKey)),
	};
}

export function expectFinished(bench: Bench, { record }: Provisioned): void {
	expect(record.deviceId).toBe(`unit-${HARDWARE_ID}`);
	expect(record.details?.locked).toBe(true);
	expect(bench.device.provisioner.isLocked).toBe(true);
	expect(bench.pending.units.size).toBe(0);
	const { slots, keyStore } = bench.device;
	const newest = slots.candidate() ?? slots.active();
	const digest = createHash("sha256")
		.update(newest?.installed.reveal() ?? new Uint8Array(0))
		.digest("hex");
	expect(record.details?.configurationDigest).toBe(digest);
	expect(record.signingKey).toBe(toHex(new Uint8Array(keyStore.publicKey("signing") ?? [])));
}

/** Steps one by one. */
export function asking(bench: Bench) {
	const conversation = conversationWith(bench);
	const ask: Conversation["ask"] = (name, fields) => bench.settle(conversation.ask(name, fields));
	const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
	const transfer = (bytes: Uint8Array, digest = sha256(bytes)) =>
		bench.settle(conversation.transfer(bytes, digest));
	return {
		ask,
		transfer,
		async commit(bytes: Uint8Array) {
			await transfer(bytes);
			return ask("commit", { digest: sha256(bytes) });
		},
		async unlock(bytes: Uint8Array) {
			await transfer(bytes);
			return ask("unlock", { digest: sha256(bytes) });
		},
		async challenge(): Promise<Uint8Array> {
			const nonce = new Uint8Array(16).fill(bench.clock.monotonicMs() & 0xff);
			return (await ask("challenge", { nonce })).nonce as Uint8Array;
		},
	};
}
