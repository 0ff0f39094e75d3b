// Which names may go into certificates, topics and file names. A device's name is all three.
import { isIP } from "node:net";
import { FleetError } from "./fleet-error.js";

const CLIENT = /^[A-Za-z0-9_-]{1,64}$/;
const BROKER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const FLEET = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,47}$/;
const LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const HOST = new RegExp(`^(\\*\\.)?(${LABEL}\\.)*${LABEL}$`);
const HOST_CHARACTERS_MAX = 253;

/** A device id or an operator's name: safe in a topic, in an access list and in a file name. */
export function checkClientName(what: string, name: string): void {
	if (CLIENT.test(name)) return;
	throw new FleetError("name", `${what}: 1 to 64 letters, digits, "_" or "-", not ${quote(name)}`);
}

export function checkBrokerName(name: string): void {
	if (BROKER.test(name)) return;
	throw new FleetError("name", `broker name: letters, digits, ".", "_" or "-", not ${quote(name)}`);
}

export function checkFleetName(name: string): void {
	if (FLEET.test(name)) return;
	const rule = `1 to 48 letters, digits, spaces, ".", "_" or "-"`;
	throw new FleetError("name", `fleet name: ${rule}, not ${quote(name)}`);
}

export function checkHost(host: string): void {
	if (isIP(host)) return;
	if (host.length <= HOST_CHARACTERS_MAX && HOST.test(host) && !/^[0-9.]+$/.test(host)) return;
	throw new FleetError("host", `host: neither a DNS name nor an IP address: ${quote(host)}`);
}

/** `text` in quotes, with everything that could move a terminal's cursor escaped. */
function quote(text: string): string {
	return JSON.stringify(text.slice(0, 80));
}
