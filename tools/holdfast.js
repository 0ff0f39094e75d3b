#!/usr/bin/env node
// `npx holdfast` from a checkout: builds build/holdfast.js if it is missing or older than a source,
// then hands over to it.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, "build", "holdfast.js");
const sources = [
	"src",
	"tools",
	"hosts/node",
	"hosts/support",
	"rollup.config.js",
	"package-lock.json",
];

function newest(path) {
	if (!existsSync(path)) return 0;
	const status = statSync(path);
	if (!status.isDirectory()) return status.mtimeMs;
	return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

if (newest(program) < Math.max(...sources.map((path) => newest(join(root, path))))) {
	process.stderr.write("holdfast: building build/holdfast.js\n");
	const rollup = join(root, "node_modules", "rollup", "dist", "bin", "rollup");
	const words = [rollup, "--config", "rollup.config.js", "--silent"];
	const built = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
	if (built.status !== 0) {
		const why = existsSync(rollup) ? built.stderr.trim() : "rollup is missing; run npm ci first";
		process.stderr.write(`holdfast: cannot build: ${why}\n`);
		process.exit(1);
	}
}

await import(pathToFileURL(program).href);
