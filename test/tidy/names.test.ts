// A file is found by the name of what it exports, and every file of src is part of the program.

import { posix } from "node:path";
import ts from "typescript";
import { importsOf, isBelow, isScript, parse, repositoryFiles, sample } from "./repository.js";
import type { RepositoryFile } from "./repository.js";

const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Where programs start: the firmware, the command line, the live view, and each host. */
const ENTRANCES = /^(src\/device\.ts|tools\/cli\.ts|tools\/start\/start\.ts|hosts\/[^/]+\/.*\.ts)$/;
/** Folders whose file names the file's reader decides: jest and rollup look for suffixes. */
const OUR_FOLDERS = ["src", "modules", "hosts", "tools"];

/** A name as a file would have it: "MQTTClient" is "mqtt-client". */
function kebab(name: string): string {
	return name
		.replace("WiFi", "Wifi")
		.replace(/([a-z0-9])([A-Z])/g, "$1-$2")
		.replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
		.replaceAll("_", "-")
		.toLowerCase();
}

function nameFindings(file: RepositoryFile): string[] {
	const base = posix.basename(file.path).replace(/(\.d)?\.[a-z]+$/, "");
	if (base === "index") return [`${file.path}: no index files: import the file that you mean`];
	if (!KEBAB_CASE.test(base)) return [`${file.path}: name files in kebab-case`];
	const exported = exportsOf(file);
	if (exported.passedOn > 0 && exported.names.length === 0) {
		return [`${file.path}: no barrels: import the file that you mean`];
	}
	const main = mainExport(exported.names);
	const isFound = exported.names.some(({ name }) => isNamedAfter(file.path, base, name));
	if (main === undefined || isFound) return [];
	return [`${file.path}: its main export is ${main}: name the file ${kebab(main)}.ts`];
}

interface Exported {
	readonly name: string;
	readonly kind: "class" | "value" | "type";
}

function exportsOf(file: RepositoryFile): { names: Exported[]; passedOn: number } {
	const names: Exported[] = [];
	let passedOn = 0;
	for (const statement of parse(file).statements) {
		if (ts.isExportDeclaration(statement) && statement.moduleSpecifier) passedOn++;
		if (!ts.canHaveModifiers(statement)) continue;
		const modifiers = ts.getModifiers(statement) ?? [];
		if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
		names.push(...declared(statement));
	}
	return { names, passedOn };
}

function declared(statement: ts.Statement): Exported[] {
	if (ts.isClassDeclaration(statement)) return named("class", statement.name);
	if (ts.isFunctionDeclaration(statement)) return named("value", statement.name);
	if (ts.isVariableStatement(statement)) {
		const { declarations } = statement.declarationList;
		return declarations.flatMap(({ name }) => named("value", name));
	}
	if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
		return named("type", statement.name);
	}
	return [];
}

function named(kind: Exported["kind"], name: ts.Node | undefined): Exported[] {
	return name && ts.isIdentifier(name) ? [{ name: name.text, kind }] : [];
}

/** The only class or, without one, the only value. A file with several is a collection. */
function mainExport(exported: readonly Exported[]): string | undefined {
	const values = exported.filter(({ kind }) => kind !== "type");
	const classes = values.filter(({ kind }) => kind === "class");
	const main = classes.length === 1 ? classes[0] : values.length === 1 ? values[0] : undefined;
	return main?.name.endsWith("Error") && values.length > 1 ? undefined : main?.name;
}

/**
 * The file may leave out what its folder says ("mqtt/client.ts" exports MQTTClient), and a
 * function may say more than the file ("backoff.ts" exports backoffDelayMs) or call the doer by
 * the deed ("packet-writer.ts" exports encodePacket).
 */
function isNamedAfter(path: string, base: string, name: string): boolean {
	const words = kebab(name).split("-");
	const folder = posix.basename(posix.dirname(path)).split("-");
	const wanted = base.split("-");
	if (/^[A-Z]/.test(name)) {
		const isWhole = wanted.every((word) => isAmong(word, words));
		return isWhole || words.every((word) => isAmong(word, wanted) || isAmong(word, folder));
	}
	return wanted.some((word) => isAmong(word, words));
}

/** Singular and plural are one word here. */
function isAmong(word: string, words: readonly string[]): boolean {
	const stem = (text: string) => text.replace(/(ies|y|s)$/, "");
	return words.some((other) => stem(other) === stem(word));
}

/** Files of src that no program reaches. */
function deadFindings(files: readonly RepositoryFile[]): string[] {
	const byPath = new Map(files.map((file) => [file.path, file]));
	const reached = new Set<string>();
	const waiting = files.map(({ path }) => path).filter((path) => ENTRANCES.test(path));
	for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
		const file = byPath.get(path);
		if (!file || reached.has(path)) continue;
		reached.add(path);
		for (const { target } of importsOf(file)) if (target) waiting.push(target);
	}
	return files
		.filter(
			(file) => isBelow(file, "src") && /(?<!\.d)\.ts$/.test(file.path) && !reached.has(file.path),
		)
		.map(({ path }) => `${path}: no program reaches it: use it or delete it`);
}

describe("file names", () => {
	const ours = repositoryFiles().filter((file) => isBelow(file, ...OUR_FOLDERS) && isScript(file));

	it("say what the file exports", () => {
		expect(ours.flatMap(nameFindings)).toEqual([]);
	});

	it("are refused when they do not", () => {
		const refused = [
			sample("src/mqtt/index.ts", ""),
			sample("src/mqtt/packetReader.ts", ""),
			sample("src/mqtt/reader.ts", "export class Session {}"),
			sample("src/mqtt/all.ts", 'export * from "./client.js";'),
			sample("src/outbox/recovery.ts", "export function compactAll() {}"),
		];
		expect(refused.map(nameFindings).map(({ length }) => length)).toEqual([1, 1, 1, 1, 1]);
	});

	it("may leave out the folder, or be shorter than the function", () => {
		const accepted = [
			sample("src/mqtt/client.ts", "export class MQTTClient {}"),
			sample("src/mqtt/packet-reader.ts", "export class PacketReader {}"),
			sample("src/connection/backoff.ts", "export function backoffDelayMs() {}"),
			sample("src/bytes/text.ts", "export function encode() {} export function decode() {}"),
		];
		expect(accepted.flatMap(nameFindings)).toEqual([]);
	});
});

describe("files of src", () => {
	it("are all part of a program", () => {
		expect(deadFindings(repositoryFiles().filter(isScript))).toEqual([]);
	});

	it("are found dead when nothing imports them", () => {
		const files = [
			sample("src/device.ts", 'import "./a.js";'),
			sample("src/a.ts", 'import type { B } from "./b.js";'),
			sample("src/b.ts", ""),
			sample("src/c.ts", 'import "./a.js";'),
		];
		expect(deadFindings(files)).toEqual(["src/c.ts: no program reaches it: use it or delete it"]);
	});
});
