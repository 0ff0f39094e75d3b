// Plants a bug in one named function of a bundle. It fails where the function, or the text in it,
// is no longer there: a patch that does not apply proves nothing.

import ts from "typescript";

export type Patch =
	/** Text of the function that goes, and what comes. */
	| { readonly find: string; readonly replace: string }
	/** Statements before all others. */
	| { readonly begin: string };

/** Knows where each function of a bundle is. */
export class PatchedBundle {
	readonly #text: string;
	readonly #tree: ts.SourceFile;

	constructor(text: string) {
		this.#text = text;
		this.#tree = ts.createSourceFile("bundle.js", text, ts.ScriptTarget.Latest, false);
	}

	/** The bundle with `patch` in `where`: "Class.method" or "aFunction", as the bundle has them. */
	patched(where: string, patch: Patch): string {
		const body = this.#bodyOf(where);
		const start = body.getStart(this.#tree);
		const source = this.#text.slice(start, body.end);
		const changed = change(source, where, patch);
		return this.#text.slice(0, start) + changed + this.#text.slice(body.end);
	}

	#bodyOf(where: string): ts.Block {
		const [owner = "", method] = where.split(".");
		const found: ts.Block[] = [];
		for (const statement of this.#tree.statements) {
			if (ts.isFunctionDeclaration(statement) && method === undefined) {
				if (statement.name?.text === owner && statement.body) found.push(statement.body);
			}
			if (!ts.isClassDeclaration(statement) || statement.name?.text !== owner) continue;
			for (const member of statement.members) {
				const isNamed = member.name !== undefined && nameOf(member.name) === method;
				if (isNamed && ts.isMethodDeclaration(member) && member.body) found.push(member.body);
			}
		}
		if (found.length !== 1) throw new Error(`${where}: found ${found.length} times`);
		return found[0] as ts.Block;
	}
}

function change(source: string, where: string, patch: Patch): string {
	if ("begin" in patch) return `{ ${patch.begin}\n${source.slice(1)}`;
	const pieces = source.split(patch.find);
	if (pieces.length !== 2) {
		throw new Error(`${where}: "${patch.find}" is in it ${pieces.length - 1} times`);
	}
	return pieces.join(patch.replace);
}

function nameOf(name: ts.PropertyName): string {
	return ts.isIdentifier(name) ? name.text : "";
}
