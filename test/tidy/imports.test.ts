// The dependency rules, from the real import graph. `src` is pure, its stages do not know each
// other, and nothing that ships knows the tests.

import { isBuiltin } from "node:module";
import { importsOf, isBelow, isScript, repositoryFiles, sample } from "./repository.js";
import type { Import, RepositoryFile } from "./repository.js";

/** What any stage may import. */
const SHARED_FILES = ["assert", "deep-freeze", "limits", "ports", "storage-code"].map(
	(name) => `src/${name}.ts`,
);
const SHARED_FOLDERS = ["bytes", "cbor"];

/** The one npm package of src, and the one file that may import it. */
const BUNDLED_PACKAGE = "mqtt-packet";
const PACKAGE_IMPORTER = "src/mqtt/packet-writer.ts";

const HOSTS = ["esp32", "linux", "node", "simulator"];

function dependencyFindings(files: readonly RepositoryFile[]): string[] {
	const known = new Set(files.map(({ path }) => path));
	const imports = files.filter(isScript).flatMap(importsOf);
	return imports.flatMap((found) => {
		const message = judge(found) ?? missing(found, known);
		return message ? [`${found.from.path} imports "${found.specifier}": ${message}`] : [];
	});
}

function judge(found: Import): string | undefined {
	const { from } = found;
	if (isBelow(from, "src")) return judgeSource(found);
	const target = found.target ?? "";
	const isContract = target === "src/ports.ts" && found.typeOnly;
	if (isBelow(from, "modules") && target.startsWith("src/") && !isContract) {
		return "modules know nothing of src: pass what is needed as an argument";
	}
	if (isBelow(from, "modules") && /^(hosts|tools|test)\//.test(target)) {
		return "hosts are made of modules, not the reverse: pass what is needed as an argument";
	}
	if (isBuiltin(found.specifier) && runsWithoutNode(from)) {
		return "this runs without Node too: take it as an argument, or move it to hosts/node";
	}
	if (isBelow(from, "hosts") && /^(tools|test)\//.test(target)) {
		return "a host is a program of its own: move what both need to hosts/support or src";
	}
	const host = HOSTS.find((name) => isBelow(from, `hosts/${name}`));
	const otherHost = HOSTS.find((name) => name !== host && target.startsWith(`hosts/${name}/`));
	if (host && otherHost) return "hosts do not import each other: use hosts/support";
	if (isBelow(from, "hosts/support") && otherHost) return "hosts/support knows no single host";
	if (isBelow(from, "tools") && target.startsWith("test/")) {
		return "what ships does not import tests: move it to tools";
	}
	return undefined;
}

/** XS runs them, or may: the simulated world and what hosts share. Build scripts end in ".js". */
function runsWithoutNode(file: RepositoryFile): boolean {
	const folders = ["modules", "hosts/linux", "hosts/simulator", "hosts/support"];
	return isBelow(file, ...folders) && file.path.endsWith(".ts");
}

function judgeSource(found: Import): string | undefined {
	const { from, specifier, target } = found;
	if (target === undefined) {
		const isOurs = specifier === BUNDLED_PACKAGE || specifier.startsWith(`${BUNDLED_PACKAGE}/`);
		if (isOurs && (from.path === PACKAGE_IMPORTER || isBelow(from, "src/mqtt/node-stand-ins"))) {
			return undefined;
		}
		return "src has one package, in its packet writer: take it through ports.ts instead";
	}
	if (!target.startsWith("src/")) return "src imports nothing outside src: add a port to ports.ts";
	if (!specifier.endsWith(".js")) return 'XS resolves module URIs: end it in ".js"';
	const stage = stageOf(from.path);
	const other = stageOf(target);
	// Files at the root of src connect the stages.
	if (stage === undefined || stage === other) return undefined;
	if (SHARED_FILES.includes(target)) return undefined;
	if (other === undefined) return "stages do not import what connects them: hand it over";
	if (!SHARED_FOLDERS.includes(other)) {
		return "stages do not import each other: connect them in uplink, downlink or device";
	}
	if (
		SHARED_FOLDERS.includes(stage) &&
		SHARED_FOLDERS.indexOf(stage) < SHARED_FOLDERS.indexOf(other)
	) {
		return `${stage} lies below ${other}`;
	}
	return undefined;
}

/** The folder right below src, or `undefined` for a file at its root. */
function stageOf(path: string): string | undefined {
	const parts = path.split("/");
	return parts.length > 2 ? parts[1] : undefined;
}

function missing({ target }: Import, known: ReadonlySet<string>): string | undefined {
	if (target === undefined || target.startsWith("build/") || known.has(target)) return undefined;
	if (known.has(target.replace(/\.ts$/, ".js"))) return undefined;
	if (known.has(target.replace(/\.ts$/, ".d.ts"))) return undefined;
	return "there is no such file";
}

describe("dependency rules", () => {
	it("hold in the whole repository", () => {
		expect(dependencyFindings(repositoryFiles())).toEqual([]);
	});

	const outbox = "src/outbox/outbox.ts";
	const refused: [name: string, path: string, specifier: string][] = [
		["a package in src", outbox, "lodash"],
		["a Node builtin in src", outbox, "node:fs"],
		["the bundled package in another file", outbox, "mqtt-packet"],
		["a host in src", outbox, "../../hosts/node/clock.js"],
		["another stage", outbox, "../mqtt/client.js"],
		["what connects the stages", outbox, "../uplink.js"],
		["a specifier without .js", outbox, "../assert"],
		["cbor in bytes", "src/bytes/text.ts", "../cbor/encode.js"],
		["src in a module", "modules/nvs/nvs.ts", "../../src/assert.js"],
		["a host in a module", "modules/nvs/nvs.ts", "../../hosts/linux/program.js"],
		["a tool in a module", "modules/nvs/nvs.ts", "../../tools/cli.js"],
		["a Node builtin in a module", "modules/nvs/nvs.ts", "node:fs"],
		["a Node builtin in the XS host", "hosts/linux/main.ts", "node:fs"],
		["a Node builtin in the simulator", "hosts/simulator/clock.ts", "node:fs/promises"],
		["a Node builtin in what hosts share", "hosts/support/simulated-sensor.ts", "crypto"],
		["another host", "hosts/node/clock.ts", "../simulator/clock.js"],
		["a tool in a host", "hosts/node/clock.ts", "../../tools/cli.js"],
		["a test in a tool", "tools/cli.ts", "../test/support/seed.js"],
		["a file that is not there", "tools/cli.ts", "./nothing.js"],
	];
	for (const [name, path, specifier] of refused) {
		it(`refuse ${name}`, () => {
			for (const text of [
				`import { a } from "${specifier}";`,
				`import type { A } from "${specifier}";`,
				`export { a } from "${specifier}";`,
				`const a = await import("${specifier}");`,
			]) {
				expect(dependencyFindings([sample(path, text)])).toHaveLength(1);
			}
		});
	}

	it("allow what connects stages, the shared files and the packet writer's package", () => {
		const files = [
			sample("src/uplink.ts", 'import { a } from "./outbox/outbox.js";'),
			sample(outbox, 'import { assert } from "../assert.js";import "../cbor/encode.js";'),
			sample("src/mqtt/packet-writer.ts", 'import { a } from "mqtt-packet";'),
			sample("src/cbor/encode.ts", 'import { a } from "../bytes/text.js";'),
			sample("src/assert.ts", ""),
			sample("src/bytes/text.ts", ""),
		];
		expect(dependencyFindings(files)).toEqual([]);
	});
});
