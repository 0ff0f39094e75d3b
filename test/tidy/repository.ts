// The files of the repository as the tidy tests see them, and how findings are shown. A check is a
// function from files to findings, so that each one can be shown a planted sample and seen to
// fail.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

export interface RepositoryFile {
	/** Relative to the root, with "/" on every platform. */
	readonly path: string;
	readonly text: string;
}

/** Made, fetched or foreign: not ours to judge. */
const FOREIGN_FOLDERS = new Set([".git", "build", "coverage", "node_modules"]);
const TEXT_FILES =
	/\.(ts|js|cjs|mjs|json|md|c|h|sh|csv|txt)$|(^|\/)(run|\.npmrc|\.gitignore|LICENSE)$/;

/** Every text file of the repository below `folder`. */
export function repositoryFiles(folder = ""): RepositoryFile[] {
	const files: RepositoryFile[] = [];
	for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
		const path = posix.join(folder, entry.name);
		if (entry.isDirectory()) {
			if (!FOREIGN_FOLDERS.has(entry.name)) files.push(...repositoryFiles(path));
		} else if (TEXT_FILES.test(path)) {
			files.push({ path, text: readFileSync(join(ROOT, path), "utf8") });
		}
	}
	return files;
}

/** TypeScript and JavaScript. */
export function isScript(file: RepositoryFile): boolean {
	return /\.(ts|js|cjs|mjs)$/.test(file.path);
}

export function isBelow(file: RepositoryFile, ...folders: readonly string[]): boolean {
	return folders.some((folder) => file.path.startsWith(`${folder}/`));
}

const parsed = new Map<string, { text: string; tree: ts.SourceFile }>();

/** The syntax tree of a script, with parents. Nothing is resolved or typed. */
export function parse(file: RepositoryFile): ts.SourceFile {
	const before = parsed.get(file.path);
	if (before?.text === file.text) return before.tree;
	const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
	parsed.set(file.path, { text: file.text, tree });
	return tree;
}

/** Calls `visit` with every node of the tree. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
	visit(node);
	ts.forEachChild(node, (child) => walk(child, visit));
}

/** "path:line", as terminals and editors open it. */
export function place(file: RepositoryFile, node: ts.Node): string {
	const tree = parse(file);
	return `${file.path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`;
}

export interface Import {
	readonly from: RepositoryFile;
	readonly node: ts.Node;
	readonly specifier: string;
	/** The file in the repository, for relative specifiers; `undefined` for packages. */
	readonly target: string | undefined;
	/** Gone after compilation. */
	readonly typeOnly: boolean;
}

/** Every import and re-export of `file`, dynamic ones with a literal specifier included. */
export function importsOf(file: RepositoryFile): Import[] {
	const imports: Import[] = [];
	walk(parse(file), (node) => {
		const found = specifierOf(node);
		if (!found) return;
		const { text: specifier } = found.literal;
		const target = specifier.startsWith(".") ? targetOf(file, specifier) : undefined;
		imports.push({ from: file, node, specifier, target, typeOnly: found.typeOnly });
	});
	return imports;
}

function specifierOf(node: ts.Node) {
	if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
		const phase = node.importClause?.phaseModifier;
		const typeOnly = phase === ts.SyntaxKind.TypeKeyword;
		return { literal: node.moduleSpecifier, typeOnly };
	}
	if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
		return { literal: node.moduleSpecifier as ts.StringLiteral, typeOnly: node.isTypeOnly };
	}
	if (ts.isCallExpression(node) && node.arguments[0] && isLoading(node.expression)) {
		const [literal] = node.arguments;
		if (literal && ts.isStringLiteral(literal)) return { literal, typeOnly: false };
	}
	if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
		return { literal: node.argument.literal as ts.StringLiteral, typeOnly: true };
	}
	return undefined;
}

function isLoading(callee: ts.Expression): boolean {
	const isRequire = ts.isIdentifier(callee) && callee.text === "require";
	return isRequire || callee.kind === ts.SyntaxKind.ImportKeyword;
}

function targetOf(file: RepositoryFile, specifier: string): string {
	const path = posix.join(posix.dirname(file.path), specifier);
	return isBelow({ path, text: "" }, "build") ? path : path.replace(/\.js$/, ".ts");
}

/** Every folder that holds a file, however deep, as "src" or "src/mqtt". */
export function foldersOf(files: readonly RepositoryFile[]): Set<string> {
	const folders = new Set<string>();
	for (const { path } of files) {
		const parts = path.split("/").slice(0, -1);
		for (let length = 1; length <= parts.length; length++) {
			folders.add(parts.slice(0, length).join("/"));
		}
	}
	return folders;
}

/** A planted sample for a check: not a file on disk. */
export function sample(path: string, text: string): RepositoryFile {
	return { path, text };
}
