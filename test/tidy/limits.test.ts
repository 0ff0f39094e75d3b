// Every bound of the device is in src/limits.ts, says why it is as it is, and bounds something.

import ts from "typescript";
import { isScript, parse, place, repositoryFiles, sample, walk } from "./repository.js";
import type { RepositoryFile } from "./repository.js";

const LIMITS = "src/limits.ts";
/** Characters of a comment that could name a unit and a reason. */
const COMMENT_MIN = 20;
const NAME = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

function limitFindings(limits: RepositoryFile, others: readonly RepositoryFile[]): string[] {
	const used = new Set<string>();
	for (const file of others) {
		walk(parse(file), (node) => {
			if (ts.isImportSpecifier(node)) used.add((node.propertyName ?? node.name).text);
		});
	}
	const found: string[] = [];
	const text = limits.text;
	for (const statement of parse(limits).statements) {
		if (!ts.isVariableStatement(statement)) continue;
		const at = place(limits, statement);
		for (const { name } of statement.declarationList.declarations) {
			const limit = name.getText();
			const uses = text.split(new RegExp(`\\b${limit}\\b`)).length - 1;
			if (!NAME.test(limit)) found.push(`${at}: ${limit}: name limits in capitals`);
			if (!used.has(limit) && uses < 2) {
				found.push(`${at}: ${limit} bounds nothing: use it or delete it`);
			}
			if (commentOf(statement, text).length < COMMENT_MIN) {
				found.push(`${at}: ${limit}: say its unit and its reason in a /** comment */`);
			}
		}
	}
	return found;
}

function commentOf(statement: ts.Statement, text: string): string {
	const ranges = ts.getLeadingCommentRanges(text, statement.pos) ?? [];
	const last = ranges.at(-1);
	if (!last || !text.startsWith("/**", last.pos)) return "";
	return text.slice(last.pos, last.end).replace(/[/*\s]+/g, " ");
}

describe("limits", () => {
	const files = repositoryFiles().filter(isScript);

	it("are used and documented", () => {
		const limits = files.find(({ path }) => path === LIMITS) as RepositoryFile;
		const shipped = files.filter(({ path }) => path !== LIMITS && !path.startsWith("test/"));
		expect(limitFindings(limits, shipped)).toEqual([]);
	});

	it("are refused when unused, undocumented or misnamed", () => {
		const good = "/** Bytes of a thing; the longest seen has 5. */\n";
		const user = sample("src/b.ts", 'import { A_MAX, someMax } from "./limits.js";');
		const count = (text: string) => limitFindings(sample(LIMITS, text), [user]).length;
		expect(count(`${good}export const A_MAX = 1;`)).toBe(0);
		expect(count(`${good}export const B_MAX = 1;`)).toBe(1);
		expect(count("/** Bytes. */\nexport const A_MAX = 1;")).toBe(1);
		expect(count(`${good}\n// no doc\nexport const A_MAX = 1;`)).toBe(1);
		expect(count("export const A_MAX = 1;")).toBe(1);
		expect(count(`${good}export const someMax = 1;`)).toBe(1);
	});

	it("may serve another limit", () => {
		const good = "/** Bytes of a thing; the longest seen has 5. */\nexport const ";
		const user = sample("src/b.ts", 'import { A_MAX } from "./limits.js";');
		const text = `${good}B = 1;\n${good}A_MAX = B * 2;`;
		expect(limitFindings(sample(LIMITS, text), [user])).toEqual([]);
	});
});
