// Floating-point numbers in their shortest CBOR form (RFC 8949 §4.2.2): half, single or double
// precision, whichever is the first to hold the value exactly. NaN and infinities are refused.

const HALF_FRACTION_BITS = 10;
const HALF_EXPONENT_BIAS = 15;

/** The shortest encoding of `value`, with its head. Throws `RangeError` for NaN and infinities. */
export function encodeFloat(value: number): Uint8Array {
	if (!Number.isFinite(value)) throw new RangeError("CBOR: number is not finite");
	const half = halfBits(value);
	if (half !== undefined) return Uint8Array.of(0xf9, half >> 8, half & 0xff);
	const bytes = new Uint8Array(Math.fround(value) === value ? 5 : 9);
	const view = new DataView(bytes.buffer);
	if (bytes.length === 5) {
		view.setUint8(0, 0xfa);
		view.setFloat32(1, value);
	} else {
		view.setUint8(0, 0xfb);
		view.setFloat64(1, value);
	}
	return bytes;
}

/** The value of a half-precision number's 16 bits (RFC 8949 appendix D). */
export function halfValue(bits: number): number {
	const exponent = (bits >> HALF_FRACTION_BITS) & 0x1f;
	const fraction = bits & 0x3ff;
	const sign = bits & 0x8000 ? -1 : 1;
	if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - HALF_EXPONENT_BIAS);
}

/** The 16 bits that hold `value` exactly, or `undefined` where half precision cannot. */
function halfBits(value: number): number | undefined {
	const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
	const magnitude = Math.abs(value);
	if (magnitude > 65504) return undefined;
	if (magnitude === 0) return sign;
	// Below 2^-14 half precision is subnormal: its fraction counts steps of 2^-24.
	if (magnitude < 2 ** -14) {
		const steps = magnitude * 2 ** 24;
		return Number.isInteger(steps) ? sign | steps : undefined;
	}
	let exponent = -14;
	while (magnitude >= 2 ** (exponent + 1)) exponent++;
	const fraction = (magnitude / 2 ** exponent - 1) * 1024;
	if (!Number.isInteger(fraction)) return undefined;
	return sign | ((exponent + HALF_EXPONENT_BIAS) << HALF_FRACTION_BITS) | fraction;
}
