// Makes private methods and accessors ordinary ones, by another name: `#name()` becomes `_name()`.
// On XS each object of a class holds each of its private methods in a slot of its own, and a
// private method holds the object that was made last: a whole connection would stay in memory until
// the next one. Private fields stay as they are. The types were checked before, so nobody calls
// these from outside.
import ts from "typescript";

/** @type {import("typescript").TransformerFactory<import("typescript").SourceFile>} */
export function plainMethods(context) {
	const { factory } = context;

	/** @param {ReadonlySet<string>} methods Those of the classes around it. */
	function visitor(methods) {
		return function visit(node) {
			if (ts.isClassLike(node)) {
				return ts.visitEachChild(node, visitor(methodsIn(node, methods)), context);
			}
			if (ts.isPrivateIdentifier(node) && methods.has(node.text)) {
				return factory.createIdentifier(plainName(node.text));
			}
			return ts.visitEachChild(node, visit, context);
		};
	}
	return (file) => ts.visitNode(file, visitor(new Set()));
}

/** @param {string} name With its "#". */
function plainName(name) {
	return `_${name.slice(1)}`;
}

/** Private names that are methods in `node`: its own, and those of `outer` that it leaves. */
function methodsIn(node, outer) {
	const methods = new Set(outer);
	for (const member of node.members) {
		if (!member.name || !ts.isPrivateIdentifier(member.name)) continue;
		if (ts.isMethodDeclaration(member) || ts.isAccessor(member)) methods.add(member.name.text);
		else methods.delete(member.name.text);
	}
	for (const { name } of node.members) {
		if (!name || !ts.isIdentifier(name) || !name.text.startsWith("_")) continue;
		const hidden = `#${name.text.slice(1)}`;
		if (!methods.has(hidden)) continue;
		throw new Error(`${name.text}: the name that ${hidden} is given`);
	}
	return methods;
}
