// Every packet that real clients fell to, by a name, with what a client has to do about it. Written
// from the standard's clauses; the broker sends one at a chosen moment.

import { concatBytes } from "../../src/bytes/arrays.js";
import { encodeUTF8 } from "../../src/bytes/text.js";
import {
	uint16,
	writeConnack,
	writePacket,
	writePublish,
	writeReply,
	writeSuback,
} from "./broker-writer.js";

/** What the client must do: close and name the clause, take it as an ordinary packet, or close. */
export type HostileAnswer = "violation" | "ordinary" | "too-large";

/** What a hostile packet is made of. */
export interface HostileContext {
	/** A topic that the client has subscribed to. */
	readonly topic: string;
	/** Of the request that is being answered, or an id of the broker's that is not in use. */
	readonly packetId: number;
	/** Topic filters of the SUBSCRIBE that is being answered. */
	readonly count: number;
}

export interface HostilePacket {
	/** In place of a CONNACK, in place of a SUBACK, or at any time while online. */
	readonly moment: "joining" | "subscribing" | "online";
	readonly answer: HostileAnswer;
	/** The clause that is broken, as a strict client names it. */
	readonly clause?: string;
	readonly build: (context: HostileContext) => Uint8Array;
}

export type HostileKind = keyof typeof HOSTILE;

const NOTHING = new Uint8Array(0);

/** A PUBLISH with its topic as raw bytes. */
function named(topic: readonly number[]): () => Uint8Array {
	return () => {
		return writePublish({
			topic: Uint8Array.from(topic),
			payload: NOTHING,
			QoS: 0,
			retain: false,
			duplicate: false,
			packetId: 0,
		});
	};
}

function publish(
	{ topic, packetId }: HostileContext,
	QoS: number,
	payload: Uint8Array = NOTHING,
	duplicate = false,
): Uint8Array {
	return writePublish({ topic, payload, QoS, retain: false, duplicate, packetId });
}

const violation = (clause: string, build: HostilePacket["build"]): HostilePacket =>
	Object.freeze({ moment: "online", answer: "violation", clause, build });
const joining = (clause: string, build: HostilePacket["build"]): HostilePacket =>
	Object.freeze({ moment: "joining", answer: "violation", clause, build });
const subscribing = (clause: string, build: HostilePacket["build"]): HostilePacket =>
	Object.freeze({ moment: "subscribing", answer: "violation", clause, build });
const ordinary = (build: HostilePacket["build"]): HostilePacket =>
	Object.freeze({ moment: "online", answer: "ordinary", build });
const tooLarge = (build: HostilePacket["build"]): HostilePacket =>
	Object.freeze({ moment: "online", answer: "too-large", build });

const LETTER = 0x61;

export const HOSTILE = Object.freeze({
	"empty-payload": ordinary((context) => publish(context, 1)),
	"announced-256-MB": tooLarge(({ topic }) => {
		const name = encodeUTF8(topic);
		const length = [0xff, 0xff, 0xff, 0x7f];
		return concatBytes(Uint8Array.of(0x30, ...length), uint16(name.length), name);
	}),
	"announced-300-KB": tooLarge((context) => publish(context, 0, new Uint8Array(300_000))),
	"skipped-20-KB": ordinary((context) => publish(context, 1, new Uint8Array(20_000))),
	"topic-longer-than-packet": violation("MQTT §3.3.2", () =>
		writePacket(0x30, [0, 200, LETTER, LETTER]),
	),
	"id-beyond-packet": violation("MQTT §3.3.2", () => writePacket(0x32, [0, 2, LETTER, LETTER])),
	"remaining-length-of-five-bytes": violation("MQTT §2.2.3", () =>
		Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x01),
	),
	"QoS-3": violation("MQTT-3.3.1-4", (context) => publish(context, 3)),
	"duplicate-QoS-0": violation("MQTT-3.3.1-2", (context) => publish(context, 0, NOTHING, true)),
	"second-connack": violation("MQTT-3.2.0-1", () => writeConnack(0, false)),
	"puback-unknown": violation("MQTT-4.3.2-2", ({ packetId }) => writeReply("PUBACK", packetId)),
	"pubrec-unknown": ordinary(({ packetId }) => writeReply("PUBREC", packetId)),
	"pubrel-unknown": ordinary(({ packetId }) => writeReply("PUBREL", packetId)),
	"pubcomp-unknown": ordinary(({ packetId }) => writeReply("PUBCOMP", packetId)),
	"suback-unknown": violation("MQTT-3.8.4-2", ({ packetId }) => writeSuback(packetId, [1])),
	"unsuback-unknown": violation("MQTT-3.10.4-4", ({ packetId }) =>
		writeReply("UNSUBACK", packetId),
	),
	"QoS-2-twice": ordinary((context) =>
		concatBytes(publish(context, 2), publish(context, 2, NOTHING, true)),
	),
	"id-still-in-use": ordinary((context) =>
		concatBytes(publish(context, 2), publish(context, 2, Uint8Array.of(1, 2, 3))),
	),
	"packet-id-0": violation("MQTT-2.3.1-1", (context) => publish({ ...context, packetId: 0 }, 1)),
	"puback-id-0": violation("MQTT-2.3.1-1", () => writeReply("PUBACK", 0)),
	"puback-of-three-bytes": violation("MQTT-4.8.0-1", () => writePacket(0x40, [0, 1, 0])),
	"topic-empty": violation("MQTT-4.7.3-1", named([])),
	"topic-with-NUL": violation("MQTT-1.5.3-2", named([LETTER, 0, LETTER])),
	"topic-with-#": violation("MQTT-3.3.2-2", named([LETTER, 0x2f, 0x23])),
	"topic-with-+": violation("MQTT-3.3.2-2", named([0x2b, 0x2f, LETTER])),
	"topic-not-UTF-8": violation("MQTT-1.5.3-1", named([LETTER, 0xc3, 0x28])),
	"topic-with-surrogate": violation("MQTT-1.5.3-1", named([0xed, 0xa0, 0x80])),
	"packet-type-0": violation("MQTT §2.2.1", () => writePacket(0x00, [])),
	"packet-type-15": violation("MQTT §2.2.1", () => writePacket(0xf0, [])),
	"connect-from-server": violation("MQTT §2.2.1", () => writePacket(0x10, [0, 0])),
	"subscribe-from-server": violation("MQTT §2.2.1", () =>
		writePacket(0x82, [0, 1, 0, 1, LETTER, 0]),
	),
	"pingreq-from-server": violation("MQTT §2.2.1", () => writePacket(0xc0, [])),
	"pubrel-flags": violation("MQTT-3.6.1-1", ({ packetId }) => writePacket(0x60, uint16(packetId))),
	"pingresp-flags": violation("MQTT-2.2.2-2", () => writePacket(0xd1, [])),
	"pingresp-with-body": violation("MQTT-4.8.0-1", () => writePacket(0xd0, [0])),
	"pingresp-unasked": violation("MQTT-3.12.4-1", () => writePacket(0xd0, [])),

	"publish-before-connack": joining("MQTT-3.2.0-1", (context) =>
		concatBytes(publish(context, 0), writeConnack(0, false)),
	),
	"pingresp-before-connack": joining("MQTT-3.2.0-1", () => writePacket(0xd0, [])),
	"connack-code-9": joining("MQTT §3.2.2.3", () => writeConnack(9, false)),
	"connack-flags": joining("MQTT §3.2.2.1", () => writePacket(0x20, [0x82, 0])),
	"connack-session-and-refusal": joining("MQTT-3.2.2-4", () => writeConnack(3, true)),
	"connack-of-three-bytes": joining("MQTT-4.8.0-1", () => writePacket(0x20, [0, 0, 0])),
	"connack-twice": joining("MQTT-3.2.0-1", () =>
		concatBytes(writeConnack(0, false), writeConnack(0, false)),
	),
	"not-MQTT": joining("MQTT-2.2.2-2", () => encodeUTF8("HTTP/1.1 302 Found\r\n\r\n")),

	"suback-too-few": subscribing("MQTT-4.8.0-1", ({ packetId }) => writeSuback(packetId, [])),
	"suback-too-many": subscribing("MQTT-3.8.4-5", ({ packetId, count }) =>
		writeSuback(packetId, Array<number>(count + 1).fill(1)),
	),
	"suback-code-3": subscribing("MQTT-3.9.3-2", ({ packetId, count }) =>
		writeSuback(packetId, Array<number>(count).fill(3)),
	),
	"suback-id-0": subscribing("MQTT-2.3.1-1", ({ count }) =>
		writeSuback(0, Array<number>(count).fill(1)),
	),
} satisfies Record<string, HostilePacket>);

export const HOSTILE_KINDS = Object.freeze(Object.keys(HOSTILE) as HostileKind[]);
