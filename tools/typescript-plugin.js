// Lets rollup read TypeScript: each file is compiled by itself (types are checked by `npm run
// types`), and a relative specifier that ends in .js finds the .ts beside it.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import ts from "typescript";
import { plainMethods } from "./plain-methods.js";

const compilerOptions = {
	removeComments: true,
	target: ts.ScriptTarget.ES2022,
	module: ts.ModuleKind.ESNext,
	verbatimModuleSyntax: true,
	isolatedModules: true,
};

/** @returns {import("rollup").Plugin} */
export default function typescript() {
	return {
		name: "typescript",
		resolveId(specifier, importer) {
			if (!importer || !specifier.startsWith(".")) return null;
			const path = resolve(dirname(importer), specifier).replace(/\.js$/, ".ts");
			return existsSync(path) ? path : null;
		},
		transform(code, id) {
			if (!id.endsWith(".ts")) return null;
			const result = ts.transpileModule(code, {
				compilerOptions,
				fileName: id,
				reportDiagnostics: true,
				transformers: { before: [plainMethods] },
			});
			const problem = result.diagnostics?.[0];
			if (problem) this.error(ts.flattenDiagnosticMessageText(problem.messageText, "\n"));
			return { code: result.outputText, map: null };
		},
	};
}
