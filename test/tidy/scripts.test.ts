// The scripts of package.json take what the documents and the replaying commands give them.

import { readFileSync } from "node:fs";
import { repositoryFiles, sample } from "./repository.js";
import type { RepositoryFile } from "./repository.js";

type Scripts = Readonly<Record<string, string>>;

/**
 * `npm run unit -- frame`: without "--" at the end of the script, `--selectProjects` takes "frame"
 * for another project and every file is run.
 */
function suiteFindings(scripts: Scripts, suites: readonly string[]): string[] {
	return suites.flatMap((suite) => {
		const script = scripts[suite];
		if (script === undefined) return [`package.json: give the suite ${suite} a script`];
		if (script.endsWith(`npm run jest -- --selectProjects ${suite} --`)) return [];
		return [`package.json: end the script ${suite} in "--selectProjects ${suite} --"`];
	});
}

function mentionFindings(files: readonly RepositoryFile[], scripts: Scripts): string[] {
	return files.flatMap((file) =>
		[...file.text.matchAll(/\bnpm run ([a-z][\w-]*)/g)]
			.filter(([, name = ""]) => !Object.hasOwn(scripts, name))
			.map(([mention]) => `${file.path}: "${mention}": package.json has no such script`),
	);
}

describe("scripts", () => {
	const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Scripts };
	const files = repositoryFiles();
	const tests = files.map(({ path }) => /^test\/([^/]+)\/.*\.test\.ts$/.exec(path)?.[1]);
	const suites = [...new Set(tests)].filter((suite) => suite !== undefined);

	it("run one suite each, or the files of it that are named behind --", () => {
		expect(suites).toContain("unit");
		const projects = readFileSync("jest.config.js", "utf8");
		expect(suites.filter((suite) => !projects.includes(`"${suite}"`))).toEqual([]);
		expect(suiteFindings(scripts, suites)).toEqual([]);
	});

	it("are refused when a file's name would be taken for a project, or when one is missing", () => {
		const unit = "npm run jest -- --selectProjects unit";
		expect(suiteFindings({ unit: `${unit} --` }, ["unit"])).toEqual([]);
		expect(suiteFindings({ unit }, ["unit"])).toHaveLength(1);
		expect(suiteFindings({ unit: `${unit} --` }, ["unit", "attack"])).toHaveLength(1);
		expect(suiteFindings({ attack: `${unit} --` }, ["attack"])).toHaveLength(1);
	});

	it("are there when documents or programs name them", () => {
		expect(mentionFindings(files, scripts)).toEqual([]);
		const text = `${"npm run"} unit, ${"npm run"} units`;
		expect(mentionFindings([sample("README.md", text)], { unit: "" })).toHaveLength(1);
	});
});
