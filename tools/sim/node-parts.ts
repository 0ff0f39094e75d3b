// What a life needs of Node: SHA-256, and real Ed25519 for the lives that use it.

import { hash } from "node:crypto";
import type { LifeParts } from "../../hosts/simulator/run/life.js";
import { nodeEd25519 } from "./node-ed25519.js";

export function nodeParts(changes: Partial<LifeParts> = {}): LifeParts {
	return {
		sha256(bytes) {
			const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
			const digest = hash("sha256", view, "buffer");
			const copy = new Uint8Array(digest.length);
			copy.set(digest);
			return copy.buffer;
		},
		ed25519: nodeEd25519(),
		...changes,
	};
}
