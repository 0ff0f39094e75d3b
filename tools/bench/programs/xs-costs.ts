// What single steps of the publish path cost on XS, and what signatures cost in script on the same
// engine. Prints one line of JSON for each.
import nacl from "tweetnacl";
import { crypto } from "../../../modules/crypto/crypto.js";
import { Entropy } from "../../../modules/entropy/entropy.js";
import { KeyStore } from "../../../modules/key-store/key-store.js";
import { program } from "../../../hosts/linux/program.js";
import { SimulatedSensor } from "../../../hosts/support/simulated-sensor.js";
import { CONTENT_READING } from "../../../src/envelope/content-types.js";
import { keyIdOf } from "../../../src/envelope/key-id.js";
import { open } from "../../../src/envelope/open.js";
import { seal } from "../../../src/envelope/seal.js";
import { encodePacket } from "../../../src/mqtt/packet-writer.js";
import { PacketReader } from "../../../src/mqtt/packet-reader.js";
import { encodeReading } from "../../../src/reading/senml.js";

const KEY = "bench-signing";
const TOPIC = "holdfast/sensor-7/telemetry";
const TIME = 1_780_000_000;
const SEQUENCE = 123_456;
/** Milliseconds that each step is repeated for, and runs of it at least. */
const LEAST_MS = 700;
const LEAST_RUNS = 3;

/** Microseconds of one `run`. */
function report(name: string, run: () => unknown): void {
	run();
	let runs = 0;
	const start = program.monotonicMs();
	let end = start;
	while (runs < LEAST_RUNS || end - start < LEAST_MS) {
		for (let index = 0; index < stride(runs); index++, runs++) run();
		end = program.monotonicMs();
	}
	program.print(JSON.stringify({ step: name, us: ((end - start) * 1000) / runs, runs }));
}

/** Looking at the clock must not be what is measured. */
function stride(runs: number): number {
	return runs < 8 ? 1 : 16;
}

function main(): void {
	const [state = ""] = program.arguments;
	program.setVariable("HOLDFAST_STATE", state);
	if (!program.makeFolder(state)) throw new Error(`${state}: cannot be written`);
	const keyStore = new KeyStore();
	keyStore.generate(KEY, "Ed25519");
	const publicKey = new Uint8Array(keyStore.publicKey(KEY) as ArrayBuffer);
	let message = new Uint8Array(0);
	const signer = {
		keyId: keyIdOf(publicKey, crypto),
		sign: (bytes: Uint8Array) => {
			message = bytes as typeof message;
			return new Uint8Array(keyStore.sign(KEY, bytes));
		},
	};
	const samples = [new SimulatedSensor({ seed: 1 }).sample()];
	const reading = encodeReading(samples, TIME);
	if (reading.kind === "empty") throw new Error("the sensor says nothing");
	const request = {
		topic: TOPIC,
		contentType: CONTENT_READING,
		payload: reading.payload,
		sequence: SEQUENCE,
		previous: SEQUENCE - 1,
		time: { unixSeconds: TIME, quality: 3 },
	};
	const envelope = seal(request, signer);
	const signed = message;
	reportSignatures(keyStore, publicKey, signed);
	report("encode-reading", () => encodeReading(samples, TIME));
	report("seal", () => seal(request, signer));
	report("open", () => open(envelope, TOPIC, () => publicKey, crypto));
	reportPackets(envelope);
	program.print(JSON.stringify({ signedBytes: signed.length }));
	program.exit(0);
}

function reportSignatures(keyStore: KeyStore, publicKey: Uint8Array, message: Uint8Array): void {
	const seed = new Uint8Array(32);
	new Entropy().fill(seed);
	const pair = nacl.sign.keyPair.fromSeed(seed);
	const signature = new Uint8Array(keyStore.sign(KEY, message));
	if (!nacl.sign.detached.verify(message, signature, publicKey)) throw new Error("they disagree");
	report("sign-native", () => keyStore.sign(KEY, message));
	report("verify-native", () => crypto.ed25519Verify(publicKey, message, signature));
	report("sign-script", () => nacl.sign.detached(message, pair.secretKey));
	report("verify-script", () => nacl.sign.detached.verify(message, signature, publicKey));
}

function reportPackets(payload: Uint8Array): void {
	const packet = {
		type: "PUBLISH",
		topic: TOPIC,
		payload,
		QoS: 1,
		retain: false,
		duplicate: false,
		packetId: 77,
	} as const;
	const published = encodePacket(packet);
	const acknowledged = Uint8Array.of(0x40, 2, 0, 77);
	const reader = new PacketReader();
	const read = (bytes: Uint8Array) => {
		reader.push(bytes);
		if (reader.next().kind === "more") throw new Error("a packet was expected");
		reader.next();
	};
	report("write-publish", () => encodePacket(packet));
	report("read-publish", () => read(published));
	report("read-puback", () => read(acknowledged));
	program.print(JSON.stringify({ publishBytes: published.length, envelopeBytes: payload.length }));
}

main();
