// How long things may get, and what src may hold at module scope. Prettier keeps code to its width
// but leaves comments and strings alone, and knows nothing of functions and files.

import ts from "typescript";
import { isBelow, isScript, parse, place, repositoryFiles, sample, walk } from "./repository.js";
import type { RepositoryFile } from "./repository.js";

const LINE_COLUMNS_MAX = 100;
const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 400;
/** A tab counts as prettier counts it, so that the two never disagree. */
const TAB_COLUMNS = 2;

/** Files that may be longer, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {
	"modules/tls-socket/tls-socket.ts":
		"its specifier is below embedded:, where no second file of ours could be imported from it",
	"src/limits.ts": "every bound in one place, each with its reason",
};

const CODE = /\.(ts|js|cjs|mjs|c|h|sh)$/;

function lineFindings(file: RepositoryFile): string[] {
	return file.text.split("\n").flatMap((line, index) => {
		const columns = [...line].length + (line.split("\t").length - 1) * (TAB_COLUMNS - 1);
		const at = `${file.path}:${index + 1}`;
		if (columns <= LINE_COLUMNS_MAX) return [];
		return [`${at}: ${columns} columns: break it at ${LINE_COLUMNS_MAX}`];
	});
}

function fileFindings(file: RepositoryFile): string[] {
	const lines = file.text.split("\n").length - 1;
	if (lines <= FILE_LINES_MAX || Object.hasOwn(LONG_FILES, file.path)) return [];
	return [`${file.path}: ${lines} lines: split it by what it does, at most ${FILE_LINES_MAX}`];
}

function functionFindings(file: RepositoryFile): string[] {
	const found: string[] = [];
	walk(parse(file), (node) => {
		if (!ts.isFunctionLike(node) || isGroupOfTests(node)) return;
		const tree = parse(file);
		const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
		const lines = tree.getLineAndCharacterOfPosition(node.end).line - first + 1;
		if (lines <= FUNCTION_LINES_MAX) return;
		const advice = `name a step of it, at most ${FUNCTION_LINES_MAX}`;
		found.push(`${place(file, node)}: a function of ${lines} lines: ${advice}`);
	});
	return found;
}

/** The function that `describe` takes is a list of tests, each of which is judged by itself. */
function isGroupOfTests(node: ts.Node): boolean {
	const { parent } = node;
	return ts.isCallExpression(parent) && /^(describe|with)/.test(parent.expression.getText());
}

function moduleScopeFindings(file: RepositoryFile): string[] {
	return parse(file).statements.flatMap((statement) => {
		const at = place(file, statement);
		if (ts.isVariableStatement(statement)) {
			if (statement.declarationList.flags & ts.NodeFlags.Const) return [];
			return [`${at}: a variable at module scope: make it a field, or two devices share it`];
		}
		// Work at module scope would run when the module is preloaded, before there are ports.
		if (ts.isExpressionStatement(statement)) {
			return [`${at}: work at module scope: do it where an instance is built`];
		}
		return [];
	});
}

describe("shape", () => {
	const code = repositoryFiles().filter(({ path }) => CODE.test(path));

	it(`keeps lines to ${LINE_COLUMNS_MAX} columns`, () => {
		expect(code.flatMap(lineFindings)).toEqual([]);
		expect(lineFindings(sample("a.ts", "x".repeat(100)))).toHaveLength(0);
		expect(lineFindings(sample("a.ts", "x".repeat(101)))).toHaveLength(1);
		expect(lineFindings(sample("a.ts", `\t${"x".repeat(99)}`))).toHaveLength(1);
	});

	it(`keeps files to ${FILE_LINES_MAX} lines`, () => {
		expect(code.flatMap(fileFindings)).toEqual([]);
		expect(fileFindings(sample("a.ts", "\n".repeat(400)))).toHaveLength(0);
		expect(fileFindings(sample("a.ts", "\n".repeat(401)))).toHaveLength(1);
	});

	it("exempts only files that exist and need it", () => {
		const long = code.filter(({ text }) => text.split("\n").length - 1 > FILE_LINES_MAX);
		expect(Object.keys(LONG_FILES)).toEqual(
			long.map(({ path }) => path).filter((path) => Object.hasOwn(LONG_FILES, path)),
		);
	});

	it(`keeps functions to ${FUNCTION_LINES_MAX} lines`, () => {
		expect(code.filter(isScript).flatMap(functionFindings)).toEqual([]);
		const body = (lines: number) => `{${"\n".repeat(lines - 1)}}`;
		expect(functionFindings(sample("a.ts", `function a() ${body(70)}`))).toHaveLength(0);
		expect(functionFindings(sample("a.ts", `function a() ${body(71)}`))).toHaveLength(1);
		expect(functionFindings(sample("a.ts", `const a = () => ${body(71)}`))).toHaveLength(1);
		expect(functionFindings(sample("a.ts", `it("b", () => ${body(71)})`))).toHaveLength(1);
		expect(functionFindings(sample("a.ts", `describe("b", () => ${body(71)})`))).toHaveLength(0);
	});

	it("keeps src free of variables and work at module scope", () => {
		// CommonJS says what it exports with an assignment.
		const source = code.filter((file) => isBelow(file, "src") && !file.path.endsWith(".cjs"));
		expect(source.flatMap(moduleScopeFindings)).toEqual([]);
		expect(moduleScopeFindings(sample("src/a.ts", "let a = 1;"))).toHaveLength(1);
		expect(moduleScopeFindings(sample("src/a.ts", "var a = 1;"))).toHaveLength(1);
		expect(moduleScopeFindings(sample("src/a.ts", "start();"))).toHaveLength(1);
		expect(moduleScopeFindings(sample("src/a.ts", "const a = 1; class B {}"))).toHaveLength(0);
	});
});
