// What the SDK's preload does to the variables of functions that ran while a module was made: they
// lie in flash afterwards, and assigning to one throws. Variables of the module itself stay.

import ts from "typescript";

type Scope = ts.SourceFile | ts.FunctionLikeDeclaration;

/**
 * `code` with every such assignment behind `guarded`, a global function that throws once everything
 * is frozen.
 */
export function guardVariables(code: string): string {
	const tree = ts.createSourceFile("bundle.js", code, ts.ScriptTarget.Latest, true);
	const edits: { at: number; text: string }[] = [];
	const visit = (node: ts.Node): void => {
		const target = assigned(node);
		if (target && isDeclaredInPassing(target)) {
			edits.push({ at: node.getStart(tree), text: "(guarded(), " });
			edits.push({ at: node.getEnd(), text: ")" });
		}
		ts.forEachChild(node, visit);
	};
	visit(tree);
	let text = code;
	for (const edit of edits.sort((left, right) => right.at - left.at)) {
		text = text.slice(0, edit.at) + edit.text + text.slice(edit.at);
	}
	return text;
}

/** The variable that `node` assigns to. */
function assigned(node: ts.Node): ts.Identifier | undefined {
	if (ts.isBinaryExpression(node)) {
		const { kind } = node.operatorToken;
		const isAssignment =
			kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
		return isAssignment && ts.isIdentifier(node.left) ? node.left : undefined;
	}
	const isStep =
		(ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) &&
		(node.operator === ts.SyntaxKind.PlusPlusToken ||
			node.operator === ts.SyntaxKind.MinusMinusToken);
	return isStep && ts.isIdentifier(node.operand) ? node.operand : undefined;
}

/** In a function that runs while the module is made, and is over when this runs. */
function isDeclaredInPassing(target: ts.Identifier): boolean {
	const own = scopeOf(target);
	let scope: Scope = own;
	while (!ts.isSourceFile(scope)) {
		if (declares(scope, target.text)) return scope !== own && runsAtTop(scope);
		scope = scopeOf(scope);
	}
	return false;
}

function scopeOf(node: ts.Node): Scope {
	let scope = node.parent;
	while (!ts.isFunctionLike(scope) && !ts.isSourceFile(scope)) scope = scope.parent;
	return scope as Scope;
}

function declares(scope: Scope, name: string): boolean {
	let isFound = false;
	const visit = (node: ts.Node): void => {
		const isDeclaration = ts.isVariableDeclaration(node) || ts.isParameter(node);
		if (isDeclaration && ts.isIdentifier(node.name) && node.name.text === name) isFound = true;
		if (!isFound && (node === scope || !ts.isFunctionLike(node))) ts.forEachChild(node, visit);
	};
	visit(scope);
	return isFound;
}

/** A wrapper that rollup makes for a CommonJS module, or a function that is called on the spot. */
function runsAtTop(scope: ts.FunctionLikeDeclaration): boolean {
	if (!ts.isSourceFile(scopeOf(scope))) return false;
	if (ts.isFunctionDeclaration(scope)) return /^require[A-Z]/.test(scope.name?.text ?? "");
	let node: ts.Node = scope.parent;
	while (ts.isParenthesizedExpression(node)) node = node.parent;
	return ts.isCallExpression(node);
}
