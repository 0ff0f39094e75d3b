// Documents and tree agree: the README's tree is the tree, every worked example of a format is a
// test vector, and nothing speaks of the machine on which it was written.

import { posix } from "node:path";
import { foldersOf, isBelow, repositoryFiles, sample } from "./repository.js";
import type { RepositoryFile } from "./repository.js";

/** Paths in the README's tree: the first fenced block after a heading with the word "tree". */
function treePaths(readme: string): string[] {
	const block = /^#+ .*\btree\b.*\n[\s\S]*?^```\w*\n([\s\S]*?)^```/im.exec(readme)?.[1] ?? "";
	const paths: string[] = [];
	const parents: { indent: number; path: string }[] = [];
	for (const line of block.split("\n")) {
		const drawn = line.replace(/[│├└─]/g, " ");
		const indent = drawn.length - drawn.trimStart().length;
		const [names = "", description = ""] = drawn.trim().split(/\s{2,}/);
		while (parents.length > 0 && (parents.at(-1)?.indent ?? 0) >= indent) parents.pop();
		const parent = parents.at(-1)?.path ?? "";
		const listed = pathsIn(names).map((name) => posix.join(parent, name));
		paths.push(...listed);
		const [first] = listed;
		if (!first?.endsWith("/")) continue;
		parents.push({ indent, path: first });
		// A folder may list its children beside it: "test/   unit/ tidy/".
		if (/^([\w.-]+\/ ?)+$/.test(description)) {
			paths.push(...pathsIn(description).map((name) => posix.join(first, name)));
		}
	}
	return paths;
}

function pathsIn(cell: string): string[] {
	return cell.split(" ").filter((name) => /^[\w.-]+(\/[\w.-]+)*\/?$/.test(name));
}

/** A tree may stop at any depth, but where it names one folder it names its neighbours too. */
function treeFindings(readme: string, files: readonly RepositoryFile[]): string[] {
	const named = new Set(treePaths(readme).map((path) => path.replace(/\/$/, "")));
	if (named.size === 0) return ['README.md: give it a section "The tree" with a fenced block'];
	const folders = foldersOf(files);
	const present = new Set([...files.map(({ path }) => path), ...folders]);
	const listed = new Set([...named].filter((path) => folders.has(path)).map(posix.dirname));
	return [
		...[...named]
			.filter((path) => !present.has(path))
			.map((path) => `README.md: there is no ${path}: take it out of the tree`),
		...[...folders]
			.filter((folder) => isShown(folder) && listed.has(posix.dirname(folder)))
			.filter((folder) => !named.has(folder))
			.map((folder) => `README.md: the tree does not name ${folder}/`),
	];
}

/** Folders of tools, such as ".ci", are not part of the story. */
function isShown(folder: string): boolean {
	return !folder.startsWith(".");
}

const FORMAT_DOCUMENT = /(^|\/)(FORMAT|PROTOCOL)\.md$/;
/** Bytes from which on a run of hexadecimal is an example: shorter ones are values in a table. */
const EXAMPLE_BYTES_MIN = 8;

/** Worked examples: runs of hexadecimal in fenced blocks, joined over the lines of one block. */
function examplesOf(document: RepositoryFile): string[] {
	const blocks = [...document.text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, body]) => body);
	return blocks.flatMap((body = "") => {
		const runs: string[] = [];
		let run = "";
		for (const line of body.split("\n")) {
			const bytes = /^\s*((?:[0-9a-f]{2} ?)+)(?=$|\s|#)/i.exec(line)?.[1] ?? "";
			if (bytes === "" && run !== "") runs.push(run);
			run = bytes === "" ? "" : run + bytes.replaceAll(" ", "").toLowerCase();
		}
		return [...runs, run].filter((hex) => hex.length >= EXAMPLE_BYTES_MIN * 2);
	});
}

function exampleFindings(documents: readonly RepositoryFile[], vectors: string): string[] {
	return documents.flatMap((document) => {
		const examples = examplesOf(document);
		if (examples.length === 0) return [`${document.path}: give it a worked example in hexadecimal`];
		return examples
			.filter((hex) => !vectors.includes(hex))
			.map((hex) => `${document.path}: ${hex.slice(0, 24)}…: put it in test/vectors`);
	});
}

/** All vectors as one text, without what only makes them easier to read. */
function vectorText(files: readonly RepositoryFile[]): string {
	const vectors = files.filter((file) => isBelow(file, "test/vectors"));
	return vectors.map(({ text }) => text.replace(/[\s",]+/g, "").toLowerCase()).join("\n");
}

/** Written in pieces, so that this file does not speak of them. */
const MACHINE_PATH = new RegExp(
	`(^|[^\\w.$}/-])/(${["work", "tmp", "home", "root", "mnt"].join("|")})/\\w`,
);
const RESOLVED_HOST = /"resolved": "https?:\/\/(?!registry\.npmjs\.org\/)/;

function machineFindings(file: RepositoryFile): string[] {
	return file.text.split("\n").flatMap((line, index) => {
		const at = `${file.path}:${index + 1}`;
		if (MACHINE_PATH.test(line))
			return [`${at}: a path of one machine: say it relative to the tree`];
		if (RESOLVED_HOST.test(line)) return [`${at}: a registry of one machine: take out "resolved"`];
		return [];
	});
}

describe("documents", () => {
	const files = repositoryFiles();

	it("draw the tree as it is", () => {
		const readme = files.find(({ path }) => path === "README.md");
		expect(treeFindings(readme?.text ?? "", files)).toEqual([]);
	});

	it("are refused when the tree is drawn wrong", () => {
		const tree = [sample("src/mqtt/client.ts", ""), sample("src/device.ts", "")];
		const other = sample("src/outbox/outbox.ts", "");
		const draw = (...lines: string[]) => `## The tree\n\n\`\`\`\n${lines.join("\n")}\n\`\`\`\n`;
		const right = [
			"src/           the device",
			"  device.ts    builds it",
			"  mqtt/        client",
		];
		expect(treeFindings(draw(...right), tree)).toEqual([]);
		expect(treeFindings(draw("src/", "  bytes/ mqtt/"), tree)).toHaveLength(1);
		expect(treeFindings(draw("src/    mqtt/"), tree)).toEqual([]);
		expect(treeFindings(draw("src/    mqtt/"), [...tree, other])).toHaveLength(1);
		expect(treeFindings(draw("test/"), [...tree, sample("test/a.ts", "")])).toHaveLength(1);
		expect(treeFindings(draw("├── src/", "│   └── mqtt/    client"), tree)).toEqual([]);
		expect(treeFindings("# Holdfast", tree)).toHaveLength(1);
	});

	it("have every worked example of a format among the vectors", () => {
		const documents = files.filter(({ path }) => FORMAT_DOCUMENT.test(path));
		expect(documents.length).toBeGreaterThan(0);
		expect(exampleFindings(documents, vectorText(files))).toEqual([]);
	});

	it("are refused when an example is no vector", () => {
		const example = "```\nd2 84 43 a1   header\n01 27 a0 44\n```\n";
		const document = sample("src/envelope/FORMAT.md", example);
		const vector = (hex: string) => vectorText([sample("test/vectors/a.json", `"${hex}"`)]);
		expect(exampleFindings([document], vector("00D28443A10127A04400"))).toEqual([]);
		expect(exampleFindings([document], vector("d28443a10127a045"))).toHaveLength(1);
		expect(exampleFindings([sample("a/FORMAT.md", "# none")], "")).toHaveLength(1);
	});

	it("speak of the project alone", () => {
		expect(files.flatMap(machineFindings)).toEqual([]);
		const planted = [`see ${"/work"}/notes`, `"${"resolved"}": "https://cache.example/a.tgz"`];
		expect(machineFindings(sample("README.md", planted.join("\n")))).toHaveLength(2);
	});
});
