// The entropy port: the operating system's generator.
import { randomFillSync } from "node:crypto";
import type { Entropy } from "../../src/ports.js";

export class NodeEntropy implements Entropy {
	fill(bytes: Uint8Array): void {
		if (!(bytes instanceof Uint8Array)) throw new TypeError("bytes: not a Uint8Array");
		randomFillSync(bytes);
	}
}
