// Native modules hold together: every C function that a binding names is there and the reverse,
// every manifest names its module as everybody does, and every module has its checklist on XS.

import { posix } from "node:path";
import ts from "typescript";
import { importsOf, isBelow, isScript, parse, place } from "./repository.js";
import { repositoryFiles, sample, walk } from "./repository.js";
import type { RepositoryFile } from "./repository.js";

type Files = readonly RepositoryFile[];

/** Modules that serve a specifier of the standard. All others are "holdfast/" and their folder. */
const STANDARD_SPECIFIERS: Readonly<Record<string, string>> = {
	"modules/tls-socket": "embedded:io/socket/tcp/tls",
};
const SPECIFIER = /^(embedded:|holdfast\/)/;

interface Manifest {
	readonly modules?: Readonly<Record<string, string | readonly string[]>>;
	readonly platforms?: Readonly<Record<string, Manifest & { readonly error?: string }>>;
}

/** Folders with a manifest below modules. */
function moduleFolders(files: Files): string[] {
	return files
		.filter((file) => /^modules\/[^/]+\/manifest\.json$/.test(file.path))
		.map(({ path }) => posix.dirname(path));
}

function fileAt(files: Files, path: string): RepositoryFile | undefined {
	return files.find((file) => file.path === path);
}

function bindingOf(files: Files, folder: string): RepositoryFile | undefined {
	return fileAt(files, `${folder}/${posix.basename(folder)}.ts`);
}

function manifestOf(files: Files, folder: string): Manifest {
	return JSON.parse(fileAt(files, `${folder}/manifest.json`)?.text ?? "{}") as Manifest;
}

// ---- names of C functions

/** What `file` reaches in C: the literals of `native("…")` and `Native("…")`. */
function nativeCalls(file: RepositoryFile): ts.CallExpression[] {
	const calls: ts.CallExpression[] = [];
	walk(parse(file), (node) => {
		if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return;
		if (/^native$/i.test(node.expression.text)) calls.push(node);
	});
	return calls;
}

function boundNames(file: RepositoryFile): { name: string; at: string }[] {
	return nativeCalls(file).map((call) => {
		const [literal] = call.arguments;
		const name = literal && ts.isStringLiteral(literal) ? literal.text : "not a literal";
		return { name, at: place(file, call) };
	});
}

/** The functions that `files` define with a body; only those are for XS. */
function definedNames(files: Files): { name: string; path: string; text: string }[] {
	const definition = /^\w[\w *]*\b(xs_\w+)\([^;{}]*\)\s*\{/gm;
	return files.flatMap(({ path, text }) =>
		[...text.matchAll(definition)].map(([, name = ""]) => ({ name, path, text })),
	);
}

/** C files of one folder that are compiled for `platform`. */
function compiledFor(files: Files, folder: string, platform: string): Files {
	const other = platform === "linux" ? "-esp32.c" : "-linux.c";
	return files.filter(
		({ path }) => posix.dirname(path) === folder && path.endsWith(".c") && !path.endsWith(other),
	);
}

/** Linux has those that are not for the chip alone; the SDK's platforms are in the manifest. */
function platformsOf(files: Files, folder: string): string[] {
	const { platforms = {} } = manifestOf(files, folder);
	const named = Object.keys(platforms).filter((name) => name !== "..." && name !== "lin");
	return isForChipAlone(files, folder) ? named : ["linux", ...named];
}

/** The SDK's simulator runs what hosts/linux does: what it has not, no computer has. */
function isForChipAlone(files: Files, folder: string): boolean {
	const { platforms = {} } = manifestOf(files, folder);
	return "esp32" in platforms && !("lin" in platforms);
}

function functionFindings(files: Files): string[] {
	const folders = new Set(
		files
			.filter((file) => isBelow(file, "modules", "hosts"))
			.map(({ path }) => posix.dirname(path)),
	);
	return [...folders].flatMap((folder) => {
		const scripts = files.filter((file) => posix.dirname(file.path) === folder && isScript(file));
		const bound = scripts.flatMap(boundNames);
		return platformsOf(files, folder).flatMap((platform) => {
			const defined = definedNames(compiledFor(files, folder, platform));
			return [
				...bound
					.filter(({ name }) => !defined.some((other) => other.name === name))
					.map(({ name, at }) => `${at}: ${name}: no C file of ${folder} has it on ${platform}`),
				...defined
					.filter(({ name, text }) => !isReached(name, text, bound))
					.map(({ name, path }) => `${path}: ${name}: no binding names it: make it static`),
			];
		});
	});
}

/** By a binding, or as the marker among the hooks of its own file. */
function isReached(name: string, text: string, bound: readonly { name: string }[]): boolean {
	if (bound.some((other) => other.name === name)) return true;
	const uses = [...text.matchAll(new RegExp(`\\b${name}\\b(?!\\()`, "g"))];
	return name.endsWith("_mark") && uses.length > 0;
}

/** xsc emits plain calls only for bodies whose parameters are what is handed on. */
function defaultFindings(file: RepositoryFile): string[] {
	return nativeCalls(file).flatMap((call) => {
		let owner: ts.Node = call;
		while (!ts.isFunctionLike(owner) && !ts.isSourceFile(owner)) owner = owner.parent;
		if (!ts.isFunctionLike(owner)) return [];
		return owner.parameters
			.filter(({ initializer }) => initializer)
			.map((parameter) => {
				const name = parameter.name.getText();
				return `${place(file, parameter)}: ${name}: no default beside native: give it in C`;
			});
	});
}

// ---- manifests

function manifestFindings(files: Files): string[] {
	const named = moduleFolders(files).flatMap((folder) => {
		const { modules = {}, platforms = {} } = manifestOf(files, folder);
		const base = posix.basename(folder);
		const specifier = STANDARD_SPECIFIERS[folder] ?? `holdfast/${base}`;
		const given = Object.keys(modules).filter((name) => name !== "*");
		const at = `${folder}/manifest.json`;
		const found: string[] = [];
		if (given.join() !== specifier || modules[specifier] !== `./${base}`) {
			found.push(`${at}: its one specifier is "${specifier}", for "./${base}"`);
		}
		if (!bindingOf(files, folder)) found.push(`${at}: there is no ${base}.ts`);
		if (!platforms["..."]?.error) found.push(`${at}: refuse unknown platforms with an error`);
		return [...found, ...sourceFindings(files, folder)];
	});
	const without = files
		.filter((file) => isBelow(file, "modules") && isScript(file) && nativeCalls(file).length > 0)
		.filter(({ path }) => !fileAt(files, `${posix.dirname(path)}/manifest.json`))
		.map(({ path }) => `${path}: give its folder a manifest.json`);
	return [...named, ...without];
}

/** Sources that a manifest names are there. */
function sourceFindings(files: Files, folder: string): string[] {
	const { modules = {}, platforms = {} } = manifestOf(files, folder);
	const all = [modules, ...Object.values(platforms).map((each) => each.modules ?? {})];
	const sources = all.flatMap((each) => each["*"] ?? []).filter((name) => name.startsWith("."));
	return sources
		.map((name) => posix.join(folder, name).replace(/\*$/, ""))
		.filter((path) => !files.some((file) => /\.[ch]$/.test(file.path) && isNamed(file, path)))
		.map((path) => `${folder}/manifest.json: there is no C file or header ${path}`);
}

/** By `path` without its ending, or by the folder `path`, which ends in "/". */
function isNamed(file: RepositoryFile, path: string): boolean {
	return path.endsWith("/") ? file.path.startsWith(path) : file.path.slice(0, -2) === path;
}

/**
 * A bundle that imports a module by its specifier leaves it outside. hosts/linux bundles the
 * bindings by their paths, so today there is no such import.
 */
function specifierFindings(files: Files): string[] {
	const manifests = files.filter(({ path }) => /(^|\/)manifest\.json$/.test(path));
	const served = new Set(
		manifests.flatMap(({ text }) => Object.keys((JSON.parse(text) as Manifest).modules ?? {})),
	);
	const rollup = fileAt(files, "rollup.config.js");
	const externals = new Set<string>();
	if (rollup) {
		walk(parse(rollup), (node) => {
			if (ts.isStringLiteral(node) && SPECIFIER.test(node.text)) externals.add(node.text);
		});
	}
	const imported = files
		.filter((file) => isScript(file) && isBelow(file, "modules", "hosts"))
		// mcconfig links them by their specifiers: build.test.ts follows it.
		.filter((file) => !isBelow(file, "hosts/esp32"))
		.flatMap(importsOf)
		.filter(({ specifier, typeOnly }) => SPECIFIER.test(specifier) && !typeOnly);
	return [
		...imported
			.filter(({ specifier }) => !externals.has(specifier))
			.map(({ from, specifier }) => `${from.path}: make "${specifier}" external in rollup`),
		...[...externals]
			.filter((specifier) => !served.has(specifier))
			.map((specifier) => `rollup.config.js: no manifest.json serves "${specifier}"`),
	];
}

/** A binding that no program imports is neither compiled for types nor run. */
function unusedFindings(files: Files): string[] {
	const hosts = files.filter((file) => isScript(file) && isBelow(file, "hosts"));
	const used = new Set(
		hosts.flatMap(importsOf).map(({ target, specifier }) => target ?? specifier),
	);
	const specifiersOf = (folder: string) => Object.keys(manifestOf(files, folder).modules ?? {});
	return moduleFolders(files)
		.filter((folder) => !specifiersOf(folder).some((specifier) => used.has(specifier)))
		.map((folder) => `${folder}/${posix.basename(folder)}.ts`)
		.filter((path) => !used.has(path))
		.map((path) => `${path}: no host imports it`);
}

// ---- checklists

/** What the checklist of a module must hold, by what its binding has. */
const CHECKS: readonly { has: RegExp; item: RegExp; name: string }[] = [
	{ has: /./, item: /invalid-receiver/, name: "invalid-receiver" },
	{ has: /\boptions\b.*\)/, item: /constructor-invalid/, name: "constructor-invalid" },
	{ has: /^\s+write\(/m, item: /write-overflow/, name: "write-overflow" },
	{
		has: /^\s+close\(/m,
		item: /close-twice|\b(\w+)\.close\(\);\s*\1\.close\(\);/,
		name: "close-twice",
	},
];

/** The table of modules/README.md says which file has the checklist of a module. */
function checklistFindings(files: Files): string[] {
	const readme = fileAt(files, "modules/README.md")?.text ?? "";
	const here = moduleFolders(files).filter((folder) => !isForChipAlone(files, folder));
	return here.flatMap((folder) => {
		const row = new RegExp(`^\\| \`${posix.basename(folder)}/\`.*$`, "m").exec(readme)?.[0] ?? "";
		const path = /`(engine\/native\/[\w-]+\.ts)`/.exec(row)?.[1];
		const list = path === undefined ? undefined : fileAt(files, `test/${path}`);
		if (!list) return [`modules/README.md: name the checklist of ${folder} in test/engine/native`];
		const binding = bindingOf(files, folder);
		if (!importsOf(list).some(({ target }) => target === binding?.path)) {
			return [`${list.path}: it does not import ${folder}: run its checklist here`];
		}
		return CHECKS.filter(
			({ has, item }) => has.test(binding?.text ?? "") && !item.test(list.text),
		).map(({ name }) => `${list.path}: ${folder} has no test "${name}"`);
	});
}

describe("native code", () => {
	const files = repositoryFiles();
	const ours = files.filter((file) => isScript(file) && isBelow(file, "modules", "hosts"));
	const manifest = (specifier: string, base: string) => {
		const platforms = { "...": { error: "none" } };
		return JSON.stringify({ modules: { [specifier]: `./${base}` }, platforms });
	};
	const binding =
		'class A extends Native("xs_a_destructor") { b() { native("xs_a_b").call(this); } }';
	const c = "void xs_a_destructor(void *data)\n{\n}\nvoid xs_a_b(xsMachine *the)\n{\n}\n";
	const sound = [
		sample("modules/a/manifest.json", manifest("holdfast/a", "a")),
		sample("modules/a/a.ts", binding),
		sample("modules/a/a.c", c),
		sample("modules/README.md", "| `a/` | `holdfast/a` | `engine/native/parts.ts` |"),
		sample(
			"test/engine/native/parts.ts",
			'import "../../../modules/a/a.js"; it("invalid-receiver");',
		),
		sample("hosts/linux/main.ts", 'import "../../modules/a/a.js";'),
	];
	/** The sound files, one of them replaced, added or, without a text, taken away. */
	const planted = (path: string, text?: string) => {
		const rest = sound.filter((file) => file.path !== path);
		return text === undefined ? rest : [...rest, sample(path, text)];
	};

	it("has every function that a binding names, and no other", () => {
		expect(ours.flatMap(nativeCalls).length).toBeGreaterThan(50);
		expect(functionFindings(files)).toEqual([]);
	});

	it("is refused when a name has no other side", () => {
		expect(functionFindings(sound)).toEqual([]);
		const refused = [
			planted("modules/a/a.c", c.replace("xs_a_b", "xs_a_c")),
			planted("modules/a/a.ts", "class A {}"),
			planted("modules/a/a.ts", binding.replace('"xs_a_b"', "name")),
			[...planted("modules/a/a.c"), sample("modules/a/a-esp32.c", c)],
			[...planted("modules/a/a.c"), sample("modules/b/b.c", c)],
			[...sound, sample("hosts/linux/tcp.c", "void xs_tcp_b(xsMachine *the) {\n}\n")],
			[...sound, sample("hosts/linux/tcp.ts", 'native("xs_tcp_b");')],
			[...sound, sample("modules/a/b.c", "void xs_a_mark(void *data)\n{\n}\n")],
		];
		for (const each of refused) expect(functionFindings(each)).not.toEqual([]);
		const esp32 = { modules: {}, platforms: { esp32: {}, lin: {} } };
		const onChip = planted("modules/a/manifest.json", JSON.stringify(esp32));
		expect(functionFindings(onChip)).toEqual([]);
		const notThere = onChip.filter(({ path }) => path !== "modules/a/a.c");
		expect(functionFindings([...notThere, sample("modules/a/a-linux.c", c)])).toHaveLength(2);
		const alone = JSON.stringify({ modules: {}, platforms: { esp32: {} } });
		const onChipAlone = [
			...planted("modules/a/a.c").filter(({ path }) => path !== "modules/a/manifest.json"),
			sample("modules/a/manifest.json", alone),
			sample("modules/a/a-esp32.c", c),
		];
		expect(functionFindings(onChipAlone)).toEqual([]);
	});

	it("takes a marker that only the hooks of its own file name", () => {
		const marked = `${c}void xs_a_mark(void *data)\n{\n}\nhooks = { xs_a_destructor, xs_a_mark };`;
		expect(functionFindings(planted("modules/a/a.c", marked))).toEqual([]);
	});

	it("gets no parameter that script has filled in", () => {
		expect(ours.flatMap(defaultFindings)).toEqual([]);
		const body = 'return native("xs_a_b").call(this, a);';
		expect(defaultFindings(sample("modules/a/a.ts", `class A { b(a) { ${body} } }`))).toEqual([]);
		for (const text of [
			`class A { b(a = 1) { ${body} } }`,
			`class A { constructor(a = {}) { ${body} } }`,
			`const b = (a = 1) => native("xs_a_b").call(undefined, a);`,
		]) {
			expect(defaultFindings(sample("modules/a/a.ts", text))).toHaveLength(1);
		}
	});

	it("has manifests that name each module as its folder is named", () => {
		expect(moduleFolders(files).length).toBeGreaterThan(5);
		expect(manifestFindings(files)).toEqual([]);
		expect(manifestFindings(sound)).toEqual([]);
		const path = "modules/a/manifest.json";
		for (const each of [
			planted(path),
			planted(path, manifest("holdfast/b", "a")),
			planted(path, manifest("holdfast/a", "b")),
			planted(path, manifest("embedded:a", "a")),
			planted(path, manifest("holdfast/a", "a").replace("error", "none")),
			planted(
				path,
				manifest("holdfast/a", "a").replace("{", '{"x":1,').replace('./a"', './a","*":"./c"'),
			),
			planted("modules/a/a.ts"),
		]) {
			expect(manifestFindings(each)).toHaveLength(1);
		}
	});

	it("is outside of bundles that import it by its specifier", () => {
		expect(specifierFindings(files)).toEqual([]);
		const importer = sample("hosts/linux/a.ts", 'import { A } from "holdfast/a";');
		const rollup = (name: string) =>
			sample("rollup.config.js", `const a = { external: ["${name}"] };`);
		expect(specifierFindings([...sound, importer, rollup("holdfast/a")])).toEqual([]);
		expect(specifierFindings([...sound, importer])).toHaveLength(1);
		expect(specifierFindings([...sound, rollup("holdfast/b")])).toHaveLength(1);
	});

	it("is part of a program", () => {
		expect(unusedFindings(files)).toEqual([]);
		expect(unusedFindings(sound)).toEqual([]);
		expect(unusedFindings(planted("hosts/linux/main.ts", ""))).toHaveLength(1);
		const bySpecifier = planted("hosts/linux/main.ts", 'import "holdfast/a";');
		expect(unusedFindings(bySpecifier)).toEqual([]);
	});

	it("has a checklist on XS for each module", () => {
		expect(checklistFindings(files)).toEqual([]);
		expect(checklistFindings(sound)).toEqual([]);
		const list = "test/engine/native/parts.ts";
		const start = 'import "../../../modules/a/a.js";';
		const close = "class A {\n\tclose() {}\n}";
		for (const each of [
			planted("modules/README.md", ""),
			planted(list),
			planted(list, 'it("invalid-receiver");'),
			planted(list, start),
			planted("modules/a/a.ts", close),
			planted("modules/a/a.ts", "class A {\n\twrite(bytes) {}\n}"),
			planted("modules/a/a.ts", "class A { constructor(options) {} }"),
		]) {
			expect(checklistFindings(each)).toHaveLength(1);
		}
	});
});
