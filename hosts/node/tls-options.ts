// Validates the options of a TLS socket: everything that is wrong in them by shape throws here,
// before anything is opened. What a certificate holds is not looked at.
import { isIP } from "node:net";
import type { TLSOptions, TLSSecureOptions } from "../../src/ports.js";
import { checkCallback, checkInteger, checkOptions, checkString } from "./checks.js";

const PIN_BYTES = 32;
const AUTHORITIES_MAX = 16;

export function checkTLSOptions(options: TLSOptions): void {
	const { address, port, onReadable, onWritable, onError, TCP, secure } = checkOptions(options);
	if (isIP(checkString(address, "address")) === 0) {
		throw new TypeError("address: not a literal IP address");
	}
	checkInteger(port, "port", 1, 65535);
	checkCallback(onReadable, "onReadable");
	checkCallback(onWritable, "onWritable");
	checkCallback(onError, "onError");
	if (typeof TCP?.io !== "function") throw new TypeError("TCP.io: not a constructor");
	if (typeof secure !== "object" || secure === null) throw new TypeError("secure: not an object");
	checkSecure(secure);
}

function checkSecure(secure: TLSSecureOptions): void {
	checkString(secure.serverName, "secure.serverName");
	checkBytesList(secure.authorities, "secure.authorities");
	checkInteger(secure.authorities.length, "secure.authorities", 1, AUTHORITIES_MAX);
	checkBytesList(secure.pins, "secure.pins");
	for (const pin of secure.pins) checkInteger(pin.length, "secure.pins", PIN_BYTES, PIN_BYTES);
	if (secure.identity !== undefined) {
		checkBytesList(secure.identity.certificates, "secure.identity.certificates");
		if (secure.identity.certificates.length === 0) {
			throw new RangeError("secure.identity.certificates: empty");
		}
		checkString(secure.identity.key, "secure.identity.key");
	}
	for (const name of secure.applicationLayerProtocols ?? []) {
		checkString(name, "secure.applicationLayerProtocols");
	}
	if (secure.time !== undefined && !Number.isFinite(secure.time.unixSeconds)) {
		throw new TypeError("secure.time: not a time");
	}
}

function checkBytesList(list: readonly Uint8Array[], name: string): void {
	if (!Array.isArray(list)) throw new TypeError(`${name}: not an array`);
	if (list.some((bytes) => !(bytes instanceof Uint8Array))) {
		throw new TypeError(`${name}: not all of Uint8Array`);
	}
}
