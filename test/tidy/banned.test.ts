// What may not be written where: the language rules of src, natives outside modules, and
// everywhere the switches that turn verification off and the traces of unfinished work.

import ts from "typescript";
import { isBelow, isScript, parse, place, repositoryFiles, sample, walk } from "./repository.js";
import type { RepositoryFile } from "./repository.js";

const PORT = "take it through ports.ts";
const NO_PROMISES = "src has no promises: use a state machine with callbacks";
const TEXT = "use bytes/text.ts";

/** Globals that src does without, and what to do instead. */
const BANNED_IN_SOURCE: Readonly<Record<string, string>> = {
	Atomics: "src shares no memory",
	Buffer: "use Uint8Array and src/bytes",
	Date: PORT,
	FinalizationRegistry: "release what is held in close()",
	Function: "src compiles nothing at run time",
	Promise: NO_PROMISES,
	RegExp: "parse bytes with a loop: a peer chooses how long a pattern runs",
	SharedArrayBuffer: "it cannot be preloaded",
	TextDecoder: TEXT,
	TextEncoder: TEXT,
	WeakRef: "release what is held in close()",
	clearInterval: PORT,
	clearTimeout: PORT,
	console: "report an event",
	crypto: PORT,
	eval: "src compiles nothing at run time",
	fetch: PORT,
	globalThis: "src has no global state",
	performance: PORT,
	process: PORT,
	queueMicrotask: PORT,
	require: "use import",
	setImmediate: PORT,
	setInterval: PORT,
	setTimeout: PORT,
	structuredClone: "copy the fields that matter",
	trace: "report an event",
};

/** Properties that src does without, as "object.property". */
const BANNED_PROPERTIES: Readonly<Record<string, string>> = {
	"Math.random": "take entropy through ports.ts",
	"ArrayBuffer.fromString": TEXT,
	"String.fromArrayBuffer": TEXT,
};

/** What this test itself must name. */
const NODE_SWITCH = ["NODE", "TLS", "REJECT", "UNAUTHORIZED"].join("_");
const UNFINISHED = new RegExp(
	`\\b(${["FIX", "TO", "XX"].map((w, i) => w + ["ME", "DO", "X"][i]).join("|")})\\b`,
);
const FOCUS = new Set(["only"]);
const FOCUSED_NAMES = new Set(["fit", "fdescribe"]);

type Judge = (node: ts.Node) => string | undefined;

function findings(files: readonly RepositoryFile[]): string[] {
	return files.flatMap((file) => [...textFindings(file), ...syntaxFindings(file)]);
}

function textFindings(file: RepositoryFile): string[] {
	const found: string[] = [];
	file.text.split("\n").forEach((line, index) => {
		const at = `${file.path}:${index + 1}`;
		const word = UNFINISHED.exec(line)?.[0];
		if (word) found.push(`${at}: ${word}: do it now, or say it in the README's "not yet"`);
		if (line.includes(NODE_SWITCH)) found.push(`${at}: ${NODE_SWITCH}: verification has no switch`);
	});
	return found;
}

function syntaxFindings(file: RepositoryFile): string[] {
	if (!isScript(file)) return [];
	const judges: Judge[] = [judgeVerification, judgeLeftover];
	if (isBelow(file, "src")) judges.push(judgeLanguage, judgeIdentifier);
	// On the chip the SDK has sockets and timers; hosts/linux binds its own, and the SDK's simulator
	// has to print. Hostile tests call the C functions past their bindings.
	const isBinding = isBelow(file, "modules", "hosts/linux", "hosts/esp32", "test/engine/native");
	if (!isBinding) judges.push(judgeNative);
	const found: string[] = [];
	walk(parse(file), (node) => {
		for (const judge of judges) {
			const message = judge(node);
			if (message) found.push(`${place(file, node)}: ${message}`);
		}
	});
	return found;
}

/** The rules of the language that src keeps to. */
function judgeLanguage(node: ts.Node): string | undefined {
	if (ts.isAwaitExpression(node)) return NO_PROMISES;
	if (node.kind === ts.SyntaxKind.AsyncKeyword) return NO_PROMISES;
	if ("asteriskToken" in node && node.asteriskToken && ts.isFunctionLike(node)) {
		return "src has no generators: they cannot be preloaded";
	}
	if (ts.isRegularExpressionLiteral(node)) return BANNED_IN_SOURCE.RegExp;
	if (ts.isEnumDeclaration(node)) return "use a union of string literals";
	if (isThisName(node)) return "give Error subclasses their name by a getter or a field";
	if (ts.isCatchClause(node) && node.block.statements.length === 0) {
		return "catch only where something different is done";
	}
	return undefined;
}

function isThisName(node: ts.Node): boolean {
	if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) {
		return false;
	}
	const { left } = node;
	if (!ts.isPropertyAccessExpression(left) || left.name.text !== "name") return false;
	return left.expression.kind === ts.SyntaxKind.ThisKeyword;
}

function judgeIdentifier(node: ts.Node): string | undefined {
	if (ts.isPropertyAccessExpression(node)) {
		const name = `${node.expression.getText()}.${node.name.text}`;
		const instead = BANNED_PROPERTIES[name];
		return instead && `${name}: ${instead}`;
	}
	if (!ts.isIdentifier(node) || !Object.hasOwn(BANNED_IN_SOURCE, node.text)) return undefined;
	return isReference(node) ? `${node.text}: ${BANNED_IN_SOURCE[node.text]}` : undefined;
}

/** A use of the global, not a member or a type that happens to have its name. */
function isReference(node: ts.Identifier): boolean {
	const { parent } = node;
	if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
	if (ts.isShorthandPropertyAssignment(parent)) return true;
	const isName = "name" in parent && parent.name === node;
	const isPropertyName = "propertyName" in parent && parent.propertyName === node;
	return !isName && !isPropertyName && !isLocal(node);
}

/** True where a parameter, variable, class or import of the same file has this name. */
function isLocal(node: ts.Identifier): boolean {
	let local = false;
	walk(node.getSourceFile(), (other) => {
		const declares =
			ts.isParameter(other) ||
			ts.isVariableDeclaration(other) ||
			ts.isBindingElement(other) ||
			ts.isImportSpecifier(other) ||
			ts.isClassDeclaration(other) ||
			ts.isFunctionDeclaration(other);
		if (declares && other.name && other.name.getText() === node.text) local = true;
	});
	return local;
}

function judgeNative(node: ts.Node): string | undefined {
	if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
	const isNative = /^native$/i.test(node.expression.text);
	return isNative ? "native code is bound in modules: add a port to ports.ts" : undefined;
}

/** Each way in which an option gets a value: in a literal, a class, by assignment, by a method. */
function judgeVerification(node: ts.Node): string | undefined {
	const always = "rejectUnauthorized is true, always";
	if (ts.isShorthandPropertyAssignment(node)) {
		return node.name.text === "rejectUnauthorized" ? `${always}: write the value` : undefined;
	}
	const option = optionSet(node);
	if (option === undefined) return undefined;
	const isTrue = option.value?.kind === ts.SyntaxKind.TrueKeyword;
	if (option.name === "rejectUnauthorized" && !isTrue) return always;
	if (option.name === "checkServerIdentity" && judgesNothing(option.value)) {
		return "the server's name is always judged";
	}
	return undefined;
}

/** The option that `node` sets, and to what; an accessor or method is its own value. */
function optionSet(node: ts.Node): { name: string; value: ts.Node | undefined } | undefined {
	if (ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node)) {
		return { name: nameOf(node.name), value: node.initializer };
	}
	if (ts.isMethodDeclaration(node) || ts.isGetAccessor(node)) {
		return { name: nameOf(node.name), value: node };
	}
	if (!ts.isBinaryExpression(node)) return undefined;
	const { kind } = node.operatorToken;
	const { FirstAssignment, LastAssignment } = ts.SyntaxKind;
	if (kind < FirstAssignment || kind > LastAssignment) return undefined;
	const { left, right: value } = node;
	if (ts.isPropertyAccessExpression(left)) return { name: left.name.text, value };
	if (!ts.isElementAccessExpression(left)) return undefined;
	return { name: nameOf(left.argumentExpression), value };
}

/** `a`, `"a"`, `["a"]` and their like are one name. */
function nameOf(node: ts.Node): string {
	const inner = ts.isComputedPropertyName(node) ? node.expression : node;
	return ts.isIdentifier(inner) || ts.isStringLiteralLike(inner) ? inner.text : inner.getText();
}

function judgesNothing(value: ts.Node | undefined): boolean {
	if (value === undefined || !ts.isFunctionLike(value) || !("body" in value)) return false;
	const body = (value.body as ts.Node | undefined)?.getText() ?? "";
	return /^(undefined|void 0|\{\s*(return( undefined)?;?)?\s*\})$/.test(body);
}

function judgeLeftover(node: ts.Node): string | undefined {
	if (node.kind === ts.SyntaxKind.DebuggerStatement) return "remove the debugger statement";
	const focus = "run the whole suite: remove the focus";
	if (ts.isPropertyAccessExpression(node) && FOCUS.has(node.name.text)) {
		return /^(it|test|describe)$/.test(node.expression.getText()) ? focus : undefined;
	}
	if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
	return FOCUSED_NAMES.has(node.expression.text) ? focus : undefined;
}

describe("what may not be written where", () => {
	it("is not written there", () => {
		expect(findings(repositoryFiles())).toEqual([]);
	});

	const inSource = [
		...Object.keys(BANNED_IN_SOURCE).map((name) => `const a = ${name};`),
		...Object.keys(BANNED_PROPERTIES).map((name) => `const a = ${name}(b);`),
		"async function a() {}",
		"const a = async () => 1;",
		"function* a() {}",
		"class A { *[Symbol.iterator]() {} }",
		"const a = /b+/;",
		"enum A { B }",
		'class A { constructor() { this.name = "A"; } }',
		"try { a(); } catch {}",
		"const a = { process };",
		'native("xs_a");',
	];
	for (const text of inSource) {
		it(`refuses in src: ${text}`, () => {
			expect(findings([sample("src/a.ts", text)])).toHaveLength(1);
		});
	}

	const anywhere = [
		["rejectUnauthorized: f", "alse"],
		["checkServerIdentity: () => un", "defined"],
		["rejectUnauthorized: a.isStr", "ict"],
		['"rejectUnauthorized": f', "alse"],
		['["rejectUnauthorized"]: f', "alse"],
		["rejectUnauth", "orized"],
		["get rejectUnauthorized() { return f", "alse; }"],
		["checkServerIdentity() { return un", "defined; }"],
		["checkServerIdentity: function () {", "}"],
	].map(([start, end]) => `connect({ ${start}${end} });`);
	anywhere.push(
		...[
			"options.rejectUnauthorized",
			'options["rejectUnauthorized"]',
			"a.b[`rejectUnauthorized`]",
		].flatMap((target) => [`${target} = f${"alse"};`, `${target} &&= a;`]),
		`class A { rejectUnauthorized = f${"alse"}; }`,
		`options.checkServerIdentity = () => {${"}"};`,
	);
	anywhere.push(
		`process.env.${NODE_SWITCH} = "0";`,
		`// ${"TO"}DO: later`,
		`it.${"only"}("a", () => 1);`,
		`f${"it"}("a", () => 1);`,
		`debug${"ger"};`,
		'native("xs_a");',
	);
	for (const text of anywhere) {
		it(`refuses anywhere: ${text}`, () => {
			expect(findings([sample("tools/a.ts", text)])).toHaveLength(1);
		});
	}

	it("refuses unfinished work in documents and shell scripts too", () => {
		expect(
			findings([sample("README.md", `${"FIX"}ME`), sample("a.sh", `# ${"TO"}DO`)]),
		).toHaveLength(2);
	});

	it("leaves verification that is on, and types that speak of it", () => {
		const text = `
			connect({ rejectUnauthorized: true, checkServerIdentity: (a, b) => judge(a, b) });
			options.rejectUnauthorized = true;
			if (options.rejectUnauthorized !== true) options["rejectUnauthorized"] = true;
			interface A { rejectUnauthorized: boolean }`;
		expect(findings([sample("tools/a.ts", text)])).toEqual([]);
	});

	it("leaves members and locals that share a banned name", () => {
		const member = "interface A { process: B; } const b = a.process();";
		const text = `${member} function c(trace: D) { trace(1); trace.d(); }`;
		expect(findings([sample("src/a.ts", text)])).toEqual([]);
	});
});
