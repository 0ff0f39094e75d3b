// Writes the C header with the heap that manifest.json gives the firmware: `node limits-of-
// manifest.js`.
import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("../../manifest.json", import.meta.url), "utf8"));
const { chunk, heap, stack } = manifest.creation;
for (const part of [chunk, heap]) {
	if (part.incremental !== 0) throw new Error("manifest.json: creation: sizes are fixed here");
}
process.stdout.write(`// Made from manifest.json.
#define kManifestChunkBytes ${chunk.initial}
#define kManifestSlotCount ${heap.initial}
#define kManifestStackCount ${stack}
`);
