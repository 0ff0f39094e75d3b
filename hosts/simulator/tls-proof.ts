// What a client signs to show that the key of its certificate is its own.

import { encodeUTF8 } from "../../src/bytes/text.js";

export function clientProof(clientRandom: string, serverRandom: string): Uint8Array {
	return encodeUTF8(`client proof ${clientRandom} ${serverRandom}`);
}
