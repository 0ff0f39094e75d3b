// What can be wrong with a build of the firmware, as findings over the files of the repository:
// build.test.ts shows each of them a planted mistake.

import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { resolveBuild, type Build } from "./manifest-resolver.js";
import { importsOf, parse, ROOT, walk } from "./repository.js";
import type { RepositoryFile } from "./repository.js";

type Files = readonly RepositoryFile[];

export const MAIN = "manifest.json";
/** What the SDK's base manifest and its manifests that ours include serve. */
const SDK_SPECIFIERS: Readonly<Record<string, readonly string[]>> = {
	"$(MODDABLE)/examples/manifest_base.json": ["time", "timer"],
	"$(MODDABLE)/modules/io/i2c/manifest.json": ["embedded:io/smbus"],
	"$(MODDABLE)/modules/drivers/sensors/tmp117/manifest.json": [
		"embedded:sensor/Temperature/TMP117",
	],
};

/** Made by mcconfig's tools beside our sources, or part of the SDK. */
const SDK_HEADERS = new Set(["mc.defines.h", "mc.xs.h", "modTimer.h", "xsHost.h", "xsmc.h"]);

/** Headers of a module that have no C behind them. */
const HEADERS_ALONE = ["modules/tls-socket/compat.h"];

function fileAt(files: Files, path: string): RepositoryFile {
	const found = files.find((file) => file.path === path);
	if (!found) throw new Error(`${path}: no such file`);
	return found;
}

/** Scripts of the repository that are linked, by specifier. */
function ours(build: Build): [specifier: string, path: string][] {
	return [...build.scripts].filter(([, path]) => !/^(\$\(|build\/)/.test(path));
}

// ---- what is imported

function importFindings(files: Files, build: Build): string[] {
	const served = new Set(build.scripts.keys());
	for (const manifest of build.manifests) {
		for (const specifier of SDK_SPECIFIERS[manifest] ?? []) served.add(specifier);
	}
	return ours(build).flatMap(([from, path]) =>
		importsOf(fileAt(files, path))
			.filter(({ typeOnly }) => !typeOnly)
			.map(({ specifier }) => resolveSpecifier(from, specifier))
			.filter((specifier) => !served.has(specifier))
			.map((specifier) => `${path}: no manifest serves "${specifier}"`),
	);
}

/** XS resolves against the importer's specifier, and takes ".js" off. */
function resolveSpecifier(from: string, specifier: string): string {
	if (!specifier.startsWith(".")) return specifier;
	return posix.join(posix.dirname(from), specifier).replace(/\.js$/, "");
}

// ---- C

function nativeNames(file: RepositoryFile): string[] {
	const names: string[] = [];
	walk(parse(file), (node) => {
		if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return;
		const [literal] = node.arguments;
		if (/^native$/i.test(node.expression.text) && literal && ts.isStringLiteral(literal)) {
			names.push(literal.text);
		}
	});
	return names;
}

function nativeFindings(files: Files, build: Build): string[] {
	const c = [...build.sources].map((path) => fileAt(files, path).text).join("\n");
	const defined = new Set([...c.matchAll(/^void (xs_\w+)\(/gm)].map(([, name]) => name));
	const names = ours(build).flatMap(([, path]) => nativeNames(fileAt(files, path)));
	const bases = [...build.sources].map((path) => posix.basename(path));
	const twice = bases.filter((base, index) => bases.indexOf(base) !== index);
	return [
		...names.filter((name) => !defined.has(name)).map((name) => `${name}: in no C file`),
		// mcconfig names an object after its file alone.
		...twice.map((base) => `${base}: two C files of one name`),
	];
}

/**
 * Headers of ours that a linked file includes are in a folder that the manifests name, and the
 * module that they belong to is linked as well.
 */
function headerFindings(files: Files, build: Build): string[] {
	const paths = files.map(({ path }) => path);
	const known = new Set(paths.filter((path) => /^(modules|hosts)\/.*\.h$/.test(path)));
	const bases = new Set([...known].map((path) => posix.basename(path)));
	return [...build.sources].flatMap((path) => {
		const included = [...fileAt(files, path).text.matchAll(/^#include "([^"]+)"/gm)];
		const folders = [posix.dirname(path), ...build.headerFolders];
		return included.flatMap(([, name = ""]) => {
			if (SDK_HEADERS.has(name) || !bases.has(posix.basename(name))) return [];
			const found = folders.map((folder) => posix.join(folder, name)).find((at) => known.has(at));
			if (found === undefined) return [`${path}: no manifest names the folder of ${name}`];
			return HEADERS_ALONE.includes(found) || isLinked(files, build, posix.dirname(found))
				? []
				: [`${path}: the module of ${name} is not included`];
		});
	});
}

/** A folder without a manifest has nothing to link. */
function isLinked(files: Files, build: Build, folder: string): boolean {
	const manifest = `${folder}/manifest.json`;
	return build.manifests.includes(manifest) || !files.some(({ path }) => path === manifest);
}

/** Outside of ESP-IDF's build nothing but the manifest says where mbedTLS is. */
function mbedTLSFindings(files: Files, build: Build): string[] {
	const needs = [...build.sources].some((path) =>
		/#include ("compat\.h"|[<"]mbedtls\/)/.test(fileAt(files, path).text),
	);
	const folders = ["/port", "/tf-psa-crypto", "/drivers/builtin", "/port/psa_driver"];
	if (!needs) return [];
	return [
		...folders
			.filter((part) => ![...build.headerFolders].some((each) => each.endsWith(`${part}/include/`)))
			.map((part) => `no manifest names mbedTLS's folder ${part}`),
		...(build.dependencies.includes("mbedtls") ? [] : ["mbedtls is no dependency"]),
	];
}

/**
 * Where a constructor is nothing but a native call, xsc makes the C function of it: fields of the
 * class are never initialised.
 */
function fieldFindings(files: Files, build: Build): string[] {
	return ours(build).flatMap(([, path]) => {
		const found: string[] = [];
		walk(parse(fileAt(files, path)), (node) => {
			if (!ts.isClassDeclaration(node) || !node.heritageClauses) return;
			const isNative = node.heritageClauses.some((clause) => /\bNative\(/.test(clause.getText()));
			const hasField = node.members.some((member) => ts.isPropertyDeclaration(member));
			if (isNative && hasField) found.push(`${path}: a class over Native has no fields`);
		});
		return found;
	});
}

// ---- preload and the heap

function preloadFindings(build: Build): string[] {
	const main = String(build.creation.main);
	const missing = [...build.scripts]
		.filter(([specifier]) => specifier !== main && !build.preloads.includes(specifier))
		.map(([specifier]) => `"${specifier}" is not preloaded: it would fill the heap`);
	const nothing = build.preloads
		.filter((specifier) => !build.scripts.has(specifier))
		.map((specifier) => `preload "${specifier}": there is no such module`);
	const early = build.preloads.includes(main) ? [`${main} runs, and cannot be preloaded`] : [];
	return [...missing, ...nothing, ...early];
}

function creationFindings(build: Build): string[] {
	const {
		chunk,
		heap,
		main,
		nativeStack,
		static: fixed,
	} = build.creation as {
		chunk?: { initial: number; incremental: number };
		heap?: { initial: number; incremental: number };
		main?: string;
		nativeStack?: number;
		static?: number;
	};
	const findings: string[] = [];
	if (chunk?.incremental !== 0) findings.push("creation.chunk grows into the heap of TLS");
	if (heap?.incremental !== 0) findings.push("creation.heap grows into the heap of TLS");
	// A request for a certificate on top of the interpreter.
	if (!(nativeStack !== undefined && nativeStack >= 16_384)) findings.push("nativeStack < 16384");
	if (fixed !== 0) findings.push("creation.static divides the heap another way than Linux does");
	if (!build.scripts.has(String(main))) findings.push(`creation.main: no ${String(main)}`);
	return findings;
}

// ---- what only a chip has

function chipFindings(build: Build): string[] {
	const { task, xs } = build.defines as {
		task?: { queueLength?: number };
		xs?: { abortHook?: number };
	};
	const last = build.manifests.at(-1);
	const partitions = build.environment.PARTITIONS_FILE ?? "";
	const findings: string[] = [];
	if (!((task?.queueLength ?? 0) >= 32)) findings.push("task.queueLength < 32: sockets die");
	if (xs?.abortHook !== 1) findings.push("xs.abortHook is off: no abort says why");
	if (last !== "hosts/esp32/sdkconfig/manifest.json") {
		findings.push("sdkconfig/manifest.json is not last: the target's sdkconfig would win");
	}
	if (!existsSync(join(ROOT, "hosts/esp32/sdkconfig", partitions))) {
		findings.push("PARTITIONS_FILE: no such file");
	}
	return findings;
}

/** All that can be wrong with one build of the firmware. */
export function buildFindings(files: Files, platform: string): string[] {
	const build = resolveBuild(files, MAIN, platform);
	const isChip = platform !== "lin";
	return [
		...build.errors,
		...importFindings(files, build),
		...nativeFindings(files, build),
		...headerFindings(files, build),
		...fieldFindings(files, build),
		...preloadFindings(build),
		...creationFindings(build),
		...(isChip ? [...chipFindings(build), ...mbedTLSFindings(files, build)] : []),
	].map((finding) => `${platform}: ${finding}`);
}

/** One module in somebody else's project. */
export function moduleFindings(files: Files, path: string): string[] {
	const text = fileAt(files, path).text;
	const { platforms } = JSON.parse(text) as { platforms: Record<string, unknown> };
	const keys = Object.keys(platforms);
	const named = keys
		.filter((key) => key !== "...")
		.flatMap((platform) => {
			const build = resolveBuild(files, path, platform);
			return [
				...build.errors,
				...importFindings(files, build),
				...nativeFindings(files, build),
				...headerFindings(files, build),
				...(platform === "esp32" ? mbedTLSFindings(files, build) : []),
			].map((finding) => `${path}: ${platform}: ${finding}`);
		});
	// An entry for all targets would hide the one for the chip.
	const hiding = keys.filter((key) => key.includes("*")).map((key) => `${path}: no "${key}"`);
	return [...named, ...hiding];
}

/** Types are taken from where mcconfig would take them. */
export function pathFindings(files: Files): string[] {
	const build = resolveBuild(files, MAIN, "esp32");
	const wire = resolveBuild(files, MAIN, "esp32/qemu");
	const { compilerOptions } = JSON.parse(fileAt(files, "hosts/esp32/tsconfig.json").text) as {
		compilerOptions: { paths: Record<string, [string]> };
	};
	return Object.entries(compilerOptions.paths)
		.map(([specifier, [path]]) => [specifier, posix.join("hosts/esp32", path)] as const)
		.filter(([specifier, path]) =>
			[build, wire].every(
				({ scripts, declarations }) =>
					(declarations.get(specifier) ?? scripts.get(specifier)) !== path,
			),
		)
		.map(([specifier, path]) => `hosts/esp32/tsconfig.json: "${specifier}" is not ${path}`);
}
