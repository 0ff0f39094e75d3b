// The part of Node's Buffer that mqtt-packet's writing half calls, over Uint8Array. CommonJS,
// because its only importer requires it. Any Uint8Array counts as a Buffer, so that nothing is
// copied on the way in.

class Buffer extends Uint8Array {
	static [Symbol.hasInstance](value) {
		return Uint8Array[Symbol.hasInstance].call(Uint8Array, value);
	}

	static isBuffer(value) {
		return value instanceof Uint8Array;
	}

	static alloc(length) {
		return new Buffer(length);
	}

	static allocUnsafe(length) {
		return new Buffer(length);
	}

	/** Bytes of the UTF-8 of a string, or of an array of bytes. */
	static byteLength(value) {
		if (typeof value !== "string") return value.length;
		let length = 0;
		for (const character of value) {
			const code = character.codePointAt(0);
			length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		}
		return length;
	}

	writeUInt8(value, offset) {
		this[offset] = value;
	}

	writeUInt32BE(value, offset) {
		new DataView(this.buffer, this.byteOffset).setUint32(offset, value);
	}
}

exports.Buffer = Buffer;
