// Writes the few DER forms (X.690) that a certificate request needs. Reads nothing.

const LONG_LENGTH = 0x80;

/** One element: tag, length, contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
	const body = Buffer.concat(contents);
	return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

export function sequence(...contents: readonly Uint8Array[]): Buffer {
	return element(0x30, ...contents);
}

export function set(...contents: readonly Uint8Array[]): Buffer {
	return element(0x31, ...contents);
}

export function smallInteger(value: number): Buffer {
	return element(0x02, Buffer.from([value]));
}

export function utf8String(text: string): Buffer {
	return element(0x0c, Buffer.from(text, "utf8"));
}

/** Whole octets: no unused bits. */
export function bitString(bytes: Uint8Array): Buffer {
	return element(0x03, Buffer.from([0]), bytes);
}

/** `dotted` as in "2.5.4.3". */
export function objectIdentifier(dotted: string): Buffer {
	const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
	const octets = [first * 40 + second];
	for (const arc of rest) octets.push(...base128(arc));
	return element(0x06, Buffer.from(octets));
}

function base128(value: number): number[] {
	const octets = [value & 0x7f];
	for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
		octets.unshift((left & 0x7f) | 0x80);
	}
	return octets;
}

function lengthOf(byteLength: number): Buffer {
	if (byteLength < LONG_LENGTH) return Buffer.from([byteLength]);
	const octets: number[] = [];
	for (let left = byteLength; left > 0; left = Math.floor(left / 256)) octets.unshift(left & 0xff);
	return Buffer.from([LONG_LENGTH | octets.length, ...octets]);
}
