// Follows manifest.json as mcconfig of Moddable SDK 8.2.3 does, over the files of the repository:
// one entry of `platforms` per manifest, included manifests merged before the one that includes
// them, `build` the other way round. What lies in the SDK or in ESP-IDF is named, and not looked
// at.

import { posix } from "node:path";
import type { RepositoryFile } from "./repository.js";

type Sources = Readonly<Record<string, string | readonly string[]>>;

interface Section {
	readonly build?: Readonly<Record<string, string>>;
	readonly include?: string | readonly string[];
	readonly modules?: Sources;
	readonly preload?: string | readonly string[];
	readonly creation?: Readonly<Record<string, unknown>>;
	readonly config?: Readonly<Record<string, unknown>>;
	readonly defines?: Readonly<Record<string, unknown>>;
	readonly dependency?: readonly Readonly<Record<string, unknown>>[];
	readonly error?: string;
}

interface Manifest extends Section {
	readonly platforms?: Readonly<Record<string, Section>>;
}

/** What mcconfig would build. */
export interface Build {
	/** Manifests of the repository in the order of parsing, and those of the SDK, as written. */
	readonly manifests: string[];
	/** Specifier → the script that is linked for it; "$(…" for one of the SDK. */
	readonly scripts: Map<string, string>;
	/** Specifier → its declaration, for the compiler alone. */
	readonly declarations: Map<string, string>;
	readonly sources: Set<string>;
	/** Folders in which the compiler looks for headers. */
	readonly headerFolders: Set<string>;
	readonly preloads: string[];
	creation: Record<string, unknown>;
	defines: Record<string, unknown>;
	readonly environment: Record<string, string>;
	readonly dependencies: string[];
	/** What mcconfig would say: `error` of a platform, and what is not there. */
	readonly errors: string[];
}

/** The build of the manifest at `path` for `platform`, such as "esp32/esp32c3". */
export function resolveBuild(
	files: readonly RepositoryFile[],
	path: string,
	platform: string,
): Build {
	const build: Build = {
		manifests: [],
		scripts: new Map(),
		declarations: new Map(),
		sources: new Set(),
		headerFolders: new Set(),
		preloads: [],
		creation: {},
		defines: {},
		environment: {},
		dependencies: [],
		errors: [],
	};
	parse(new Tree(files), path, platform, build);
	return build;
}

/** The files by their paths. `build` is made, and taken as made. */
class Tree {
	readonly #files: ReadonlyMap<string, RepositoryFile>;

	constructor(files: readonly RepositoryFile[]) {
		this.#files = new Map(files.map((file) => [file.path, file]));
	}

	text(path: string): string | undefined {
		return this.#files.get(path)?.text;
	}

	/** What a source of a manifest stands for: the files of that name, with a star those below. */
	match(source: string): string[] {
		if (source.startsWith("build/")) return [`${source}.js`];
		const folder = posix.dirname(source);
		const base = posix.basename(source);
		return [...this.#files.keys()].filter((path) => {
			if (posix.dirname(path) !== folder) return false;
			const name = posix.basename(path);
			if (base.endsWith("*")) return name.startsWith(base.slice(0, -1));
			return name === base || name.replace(/(\.d)?\.[^.]+$/, "") === base;
		});
	}
}

/** Parses and merges `path` and everything that it includes, each manifest once. */
function parse(tree: Tree, path: string, platform: string, build: Build): void {
	if (build.manifests.includes(path)) return;
	const text = tree.text(path);
	if (text === undefined) {
		build.errors.push(`${path}: manifest not found`);
		return;
	}
	build.manifests.push(path);
	const manifest = JSON.parse(text) as Manifest;
	const { platforms } = manifest;
	const key = platforms && platformKey(Object.keys(platforms), platform);
	const section: Section = (key !== undefined && platforms?.[key]) || {};
	const folder = posix.dirname(path);
	const all = [...list(manifest.include), ...list(section.include)];
	for (const each of [manifest, section]) Object.assign(build.environment, each.build);
	for (const include of all) {
		if (include.startsWith("$(")) build.manifests.push(include);
		else parse(tree, posix.join(folder, include), platform, build);
	}
	for (const each of [manifest, section]) merge(tree, each, path, build);
}

/** The one entry that counts: the longest part of the platform that has one, else "...". */
export function platformKey(keys: readonly string[], platform: string): string | undefined {
	const parts = platform.split("/");
	for (; parts.length > 0; parts.pop()) {
		const partial = parts.join("/");
		const found = keys.find((key) =>
			key.endsWith("/*") ? partial.startsWith(key.slice(0, -1)) : key === partial,
		);
		if (found !== undefined) return found;
	}
	return keys.find((key) => key === "...");
}

function list(value: string | readonly string[] | undefined): readonly string[] {
	if (value === undefined) return [];
	return typeof value === "string" ? [value] : value;
}

function merge(tree: Tree, section: Section, path: string, build: Build): void {
	const folder = posix.dirname(path);
	for (const [target, sources] of Object.entries(section.modules ?? {})) {
		for (const source of list(sources)) {
			if (source.startsWith("$(")) addForeign(target, source, build);
			else addSource(tree, target, posix.join(folder, source), path, build);
		}
	}
	build.preloads.push(...list(section.preload));
	build.creation = { ...build.creation, ...section.creation };
	build.defines = { ...build.defines, ...section.defines };
	for (const { idf, namespace, name } of section.dependency ?? []) {
		build.dependencies.push(String(idf ?? `${String(namespace)}/${String(name)}`));
	}
	if (section.error !== undefined) build.errors.push(section.error);
}

/** A source of the SDK or of ESP-IDF: a specifier has its script there, a star has C. */
function addForeign(target: string, source: string, build: Build): void {
	if (target !== "*") build.scripts.set(target, source);
	else if (source.endsWith("/")) build.headerFolders.add(source);
}

function addSource(tree: Tree, target: string, source: string, path: string, build: Build): void {
	const found = tree.match(source);
	if (found.length === 0) build.errors.push(`${path}: no modules match: ${source}`);
	for (const file of found) {
		if (file.endsWith(".d.ts")) build.declarations.set(target, file);
		else if (/\.(ts|js)$/.test(file)) addScript(target, file, path, build);
		else if (file.endsWith(".c")) build.sources.add(file);
		else if (file.endsWith(".h")) build.headerFolders.add(posix.dirname(file));
	}
}

function addScript(target: string, file: string, path: string, build: Build): void {
	const specifier = target === "*" ? posix.basename(file).replace(/\.[^.]+$/, "") : target;
	const other = build.scripts.get(specifier);
	if (other !== undefined && other !== file) {
		build.errors.push(`${path}: "${specifier}" is ${other} already`);
	}
	build.scripts.set(specifier, file);
}
