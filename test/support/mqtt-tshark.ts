// Lets tshark decode a conversation: writes it as a capture file of one TCP connection (no rights
// to capture are needed) and gives back what the dissector says of each MQTT packet.

import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { TemporaryFolder } from "./temporary-folder.js";

export interface Segment {
	readonly from: "client" | "server";
	readonly bytes: Uint8Array;
}

/** One MQTT packet as tshark sees it: its fields by name ("mqtt.topic"), nested ones included. */
export interface DissectedPacket {
	readonly from: Segment["from"];
	readonly fields: ReadonlyMap<string, readonly string[]>;
	/** tshark's own judgement. */
	readonly isMalformed: boolean;
}

export function hasTshark(): boolean {
	return spawnSync("tshark", ["--version"], { stdio: "ignore" }).status === 0;
}

export function dissect(segments: readonly Segment[]): DissectedPacket[] {
	const folder = new TemporaryFolder();
	try {
		const file = folder.file("conversation.pcap");
		writeFileSync(file, captureFile(segments));
		const options = ["-r", file, "-d", `tcp.port==${SERVER_PORT},mqtt`];
		const output = execFileSync("tshark", [...options, "-T", "json", "--no-duplicate-keys"], {
			encoding: "utf8",
			maxBuffer: 64 << 20,
			stdio: ["ignore", "pipe", "ignore"],
		});
		return (JSON.parse(output) as Frame[]).flatMap(packetsOf);
	} finally {
		folder.remove();
	}
}

interface Frame {
	readonly _source: { readonly layers: Record<string, unknown> };
}

function packetsOf(frame: Frame): DissectedPacket[] {
	const { layers } = frame._source;
	const tcp = layers["tcp"] as Record<string, string>;
	const from = tcp["tcp.srcport"] === String(SERVER_PORT) ? "server" : "client";
	const isMalformed = "_ws.malformed" in layers;
	const packets = layers["mqtt"] === undefined ? [] : [layers["mqtt"]].flat();
	return packets.map((packet) => {
		const fields = new Map<string, string[]>();
		collect(packet, fields);
		return { from, fields, isMalformed };
	});
}

function collect(value: unknown, fields: Map<string, string[]>): void {
	if (typeof value !== "object" || value === null) return;
	for (const [name, inner] of Object.entries(value)) {
		for (const one of [inner].flat()) {
			if (typeof one === "string") fields.set(name, [...(fields.get(name) ?? []), one]);
			else collect(one, fields);
		}
	}
}

const SERVER_PORT = 1883;
const CLIENT_PORT = 50_000;
/** LINKTYPE_RAW: packets begin with the IP header. */
const LINK_TYPE = 101;

/** The format of https://www.ietf.org/archive/id/draft-gharris-opsawg-pcap-01.html */
function captureFile(segments: readonly Segment[]): Buffer {
	const header = Buffer.alloc(24);
	header.writeUInt32LE(0xa1b2c3d4, 0);
	header.writeUInt16LE(2, 4);
	header.writeUInt16LE(4, 6);
	header.writeUInt32LE(0x10000, 16);
	header.writeUInt32LE(LINK_TYPE, 20);
	const next = { client: 1, server: 1 };
	const records = segments.map(({ from, bytes }, index) => {
		const to = from === "client" ? "server" : "client";
		const packet = internetPacket(from, bytes, next[from], next[to]);
		next[from] += bytes.length;
		const record = Buffer.alloc(16);
		record.writeUInt32LE(1_700_000_000 + index, 0);
		record.writeUInt32LE(packet.length, 8);
		record.writeUInt32LE(packet.length, 12);
		return Buffer.concat([record, packet]);
	});
	return Buffer.concat([header, ...records]);
}

function internetPacket(
	from: Segment["from"],
	bytes: Uint8Array,
	seq: number,
	ack: number,
): Buffer {
	const ip = Buffer.alloc(20);
	ip.writeUInt8(0x45, 0);
	ip.writeUInt16BE(40 + bytes.length, 2);
	ip.writeUInt8(64, 8);
	ip.writeUInt8(6, 9); // TCP
	ip.set(from === "client" ? [10, 0, 0, 1, 10, 0, 0, 2] : [10, 0, 0, 2, 10, 0, 0, 1], 12);
	const tcp = Buffer.alloc(20);
	tcp.writeUInt16BE(from === "client" ? CLIENT_PORT : SERVER_PORT, 0);
	tcp.writeUInt16BE(from === "client" ? SERVER_PORT : CLIENT_PORT, 2);
	tcp.writeUInt32BE(seq, 4);
	tcp.writeUInt32BE(ack, 8);
	tcp.writeUInt8(0x50, 12);
	tcp.writeUInt8(0x18, 13); // PSH, ACK
	tcp.writeUInt16BE(0xffff, 14);
	return Buffer.concat([ip, tcp, bytes]);
}
