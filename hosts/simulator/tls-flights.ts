// The flights of the toy handshake: what each side says, as a record of the size that the real one
// has. A full handshake takes two flights of each side, a resumed one a flight and a half.

import { decodeUTF8, encodeUTF8 } from "../../src/bytes/text.js";
import { plainRecord, RECORD_ALERT, RECORD_HANDSHAKE } from "./tls-records.js";

export type FlightName =
	| "client-hello"
	| "server-hello" // with certificates: a full handshake
	| "server-resumed"
	| "client-key" // with the client's certificate and its signature
	| "server-finished"
	| "client-finished"; // of a resumed handshake

export type FlightFields = Readonly<Record<string, string | undefined>>;

export interface Flight {
	readonly name: FlightName;
	readonly fields: FlightFields;
	/** DER, where the flight carries it. */
	readonly certificate: Uint8Array;
}

const NO_CERTIFICATE = new Uint8Array(0);

const NAMES: readonly FlightName[] = [
	"client-hello",
	"server-hello",
	"server-resumed",
	"client-key",
	"server-finished",
	"client-finished",
];

/** Bytes besides the certificates: with a chain of 900 they make 1.8 KB down and 1 KB up. */
export const FLIGHT_BYTES: Readonly<Record<FlightName, number>> = {
	"client-hello": 260,
	"server-hello": 640,
	"server-resumed": 139,
	"client-key": 160,
	"server-finished": 250,
	"client-finished": 60,
};

/** What a ticket adds to the client's hello. */
export const TICKET_BYTES = 580;

/** A fatal alert, or the goodbye. */
export const ALERTS = {
	closeNotify: 0,
	badCertificate: 42,
	handshakeFailure: 40,
	protocolVersion: 70,
} as const;

const ALERT_FATAL = 2;
/** Name, length of the fields, length of the certificate. */
const PREFIX_BYTES = 5;

/** One record; padded to `byteLength`, where the fields leave room. */
export function flightRecord(
	name: FlightName,
	fields: FlightFields,
	byteLength: number,
	certificate: Uint8Array = NO_CERTIFICATE,
): Uint8Array {
	const content = encodeUTF8(JSON.stringify(fields));
	const length = PREFIX_BYTES + content.length + certificate.length;
	const body = new Uint8Array(Math.max(length, byteLength));
	body.set([NAMES.indexOf(name) + 1, content.length >> 8, content.length & 0xff]);
	body.set([certificate.length >> 8, certificate.length & 0xff], 3);
	body.set(content, PREFIX_BYTES);
	body.set(certificate, PREFIX_BYTES + content.length);
	return plainRecord(RECORD_HANDSHAKE, body);
}

/** `undefined` for what is no flight. */
export function readFlight(body: Uint8Array): Flight | undefined {
	const name = NAMES[(body[0] as number) - 1];
	if (name === undefined || body.length < PREFIX_BYTES) return undefined;
	const end = PREFIX_BYTES + (((body[1] as number) << 8) | (body[2] as number));
	const certificate = body.slice(end, end + (((body[3] as number) << 8) | (body[4] as number)));
	const text = decodeUTF8(body.subarray(PREFIX_BYTES, end));
	try {
		return { name, fields: JSON.parse(text ?? "") as FlightFields, certificate };
	} catch {
		return undefined;
	}
}

export function alertContent(code: number): Uint8Array {
	return Uint8Array.of(code === ALERTS.closeNotify ? 1 : ALERT_FATAL, code);
}

export function alertRecord(code: number): Uint8Array {
	return plainRecord(RECORD_ALERT, alertContent(code));
}
