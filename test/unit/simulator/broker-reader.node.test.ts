// The simulated broker's reader against the reference reader, on packets that are mostly right and
// on mutations of them. HOLDFAST_SEED replays a run.

import { ClientViolation } from "../../../hosts/simulator/broker-body.js";
import { BrokerReader, type ClientPacket } from "../../../hosts/simulator/broker-reader.js";
import { Random } from "../../../hosts/simulator/random.js";
import { concatBytes } from "../../../src/bytes/arrays.js";
import * as client from "../../support/mqtt-client-bytes.js";
import { readFromClient, type ReferencePacket } from "../../support/mqtt-reference-reader.js";
import * as server from "../../support/mqtt-server-bytes.js";
import { chosenSeed } from "../../support/seed.js";

const seed = chosenSeed();
console.log(`HOLDFAST_SEED=${seed}`);

/** Rules that the reference reader does not know: filters, will topics, and one bound. */
const STRICTER = ["MQTT-4.7.1-2", "MQTT-4.7.1-3", "MQTT-4.7.3-1", "MQTT-3.3.2-2"];

function ours(bytes: Uint8Array, random: Random): { packets: ClientPacket[]; clause?: string } {
	const reader = new BrokerReader();
	const packets: ClientPacket[] = [];
	try {
		for (let at = 0; at < bytes.length;) {
			const end = Math.min(bytes.length, at + random.integer(1, random.pick([1, 7, 500])));
			reader.read(bytes.slice(at, end), (packet) => void packets.push(packet));
			at = end;
		}
	} catch (error) {
		if (!(error instanceof ClientViolation)) throw error;
		return { packets, clause: error.clause };
	}
	return { packets };
}

/** A packet of the reference reader in the words of the broker's. */
function translate(packet: ReferencePacket): unknown {
	const { type, packetId } = packet;
	if (type === "PUBLISH") return { ...packet, packetId: packetId ?? 0 };
	if (type === "UNSUBSCRIBE") return { type, packetId, filters: packet["topics"] };
	if (type !== "SUBSCRIBE") return packet;
	const subscriptions = packet["subscriptions"] as readonly { topic: string; QoS: number }[];
	return {
		type,
		packetId,
		subscriptions: subscriptions.map(({ topic, QoS }) => ({ filter: topic, QoS })),
	};
}

const TOPICS = ["a", "a/b", "é/ü", "\u{1f600}", "$SYS/x", "/", "a//b"];

function packet(random: Random): Uint8Array {
	const packetId = random.integer(1, 65_535);
	const QoS = random.integer(0, 2);
	const topic = random.pick(TOPICS);
	const payload = random.bytes(random.integer(0, 300));
	return random.pick([
		() =>
			client.connect({
				id: random.pick(["", "x", "device-1"]),
				clean: random.oneIn(2),
				keepAliveSeconds: random.integer(0, 65_535),
				...(random.oneIn(2) && { will: { topic, payload, QoS, retain: random.oneIn(2) } }),
				...(random.oneIn(2) && { user: "user", ...(random.oneIn(2) && { password: "secret" }) }),
			}),
		() =>
			server.publish({
				topic,
				payload,
				QoS,
				retain: random.oneIn(2),
				duplicate: QoS > 0 && random.oneIn(2),
				...(QoS > 0 && { packetId }),
			}),
		() => server.puback(packetId),
		() => server.pubrec(packetId),
		() => server.pubrel(packetId),
		() => server.pubcomp(packetId),
		() => client.subscribe(packetId, [topic, QoS], ["a/+/#", 1]),
		() => client.unsubscribe(packetId, topic, "+"),
		() => client.pingreq(),
		() => client.disconnect(),
	])();
}

/** One to three changes of a byte, a length or an order. */
function mutate(bytes: Uint8Array, random: Random): Uint8Array {
	const mutated = bytes.slice();
	for (let count = random.integer(1, 3); count > 0; count--) {
		const at = random.oneIn(2) ? random.integer(0, 5) : random.integer(0, mutated.length - 1);
		if (at < mutated.length) mutated[at] = (mutated[at] as number) ^ (1 << random.integer(0, 7));
	}
	if (random.oneIn(4)) return mutated.slice(0, random.integer(0, mutated.length));
	return mutated;
}

/** Whether the packet that `bytes` end in is refused once zeros complete it: no type is 0. */
function refusesWithRest(bytes: Uint8Array, packets: number, random: Random): boolean {
	return ours(concatBytes(bytes, new Uint8Array(200)), random).packets.length === packets;
}

describe("BrokerReader beside the reference reader", () => {
	const random = new Random(seed);

	it("reads valid packets alike", () => {
		for (let round = 0; round < 500; round++) {
			const packets = Array.from({ length: random.integer(1, 4) }, () => packet(random));
			const bytes = concatBytes(...packets);
			expect(ours(bytes, random)).toEqual({
				packets: readFromClient(bytes).packets.map(translate),
			});
		}
	});

	it("refuses the same mutations, but for rules that only it knows", () => {
		let refusals = 0;
		for (let round = 0; round < 4000; round++) {
			const bytes = mutate(concatBytes(packet(random), packet(random)), random);
			const theirs = readFromClient(bytes);
			const seen = ours(bytes, random);
			if (seen.clause !== undefined) refusals++;
			if (seen.clause !== undefined && STRICTER.includes(seen.clause)) continue;
			// A length beyond the bound is refused at once; the reference reader waits for it.
			if (seen.clause === "MQTT §2.2.3" && theirs.end === "inside") continue;
			// And one that is too short it refuses once the rest is there.
			if (theirs.end === "refused") {
				const { length } = theirs.packets;
				expect(seen.clause !== undefined || refusesWithRest(bytes, length, random)).toBe(true);
			} else expect(seen.clause).toBeUndefined();
			expect(seen.packets).toEqual(theirs.packets.map(translate));
		}
		expect(refusals).toBeGreaterThan(400);
	});
});
