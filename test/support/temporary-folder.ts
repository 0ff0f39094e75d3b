// A folder of one test's own, removed with everything in it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class TemporaryFolder {
	readonly path = mkdtempSync(join(tmpdir(), "holdfast-test-"));

	file(name: string): string {
		return join(this.path, name);
	}

	remove(): void {
		rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
	}
}
