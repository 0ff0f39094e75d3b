// The built firmware as the SDK's preload leaves it: everything that exists when the modules have
// been evaluated is frozen, built-ins included, because it lies in flash. It goes further where the
// SDK would copy an object into RAM at its first change: here that change throws.

import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { guardVariables } from "./guard-variables.js";

/** Runs before all other modules: walks what the engine brings along. */
const FREEZER = `
let isOver = false;
Object.defineProperty(globalThis, "guarded", {
	value: () => {
		if (isOver) refuse();
	},
});
const reached = new Set();
const leftOpen = [];
function refuse() { throw new TypeError("frozen: lies in flash"); }
// A frozen collection can still be filled; in flash it cannot.
function closeCollection(value) {
	const methods = value instanceof Map ? ["set", "delete", "clear"] : ["add", "delete", "clear"];
	for (const name of methods) Object.defineProperty(value, name, { value: refuse });
}
function freeze(root) {
	const queue = [root];
	while (queue.length > 0) {
		const value = queue.pop();
		const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
		if (!isObject || reached.has(value)) continue;
		reached.add(value);
		queue.push(Object.getPrototypeOf(value));
		for (const key of Reflect.ownKeys(value)) {
			const found = Object.getOwnPropertyDescriptor(value, key);
			if ("value" in found) queue.push(found.value);
			else queue.push(found.get, found.set);
		}
		if (value === globalThis || ArrayBuffer.isView(value)) continue;
		if (value instanceof Map || value instanceof Set) closeCollection(value);
		Object.freeze(value);
	}
}
// Built-ins that no property of the global object leads to.
freeze(Object.getPrototypeOf(function* () {}));
freeze(Object.getPrototypeOf(async function () {}));
freeze(Object.getPrototypeOf(async function* () {}));
freeze([][Symbol.iterator]());
freeze(new Map()[Symbol.iterator]());
freeze(new Set()[Symbol.iterator]());
freeze(""[Symbol.iterator]());
freeze("".matchAll(/./g));
freeze(globalThis);
Object.defineProperty(globalThis, "freezeModule", {
	value: (names, values) => {
		for (let index = 0; index < names.length; index++) {
			const value = values[index];
			const isTable = typeof value === "object" && value !== null;
			if (isTable && !ArrayBuffer.isView(value) && !isDeepFrozen(value)) {
				leftOpen.push(names[index]);
			}
			freeze(value);
		}
		isOver = true;
	},
});
// Names of tables that the module itself has left open.
Object.defineProperty(globalThis, "leftOpen", { value: leftOpen });
function isDeepFrozen(root) {
	const seen = new Set();
	const queue = [root];
	while (queue.length > 0) {
		const value = queue.pop();
		if (typeof value !== "object" || value === null || seen.has(value)) continue;
		seen.add(value);
		if (ArrayBuffer.isView(value)) continue;
		if (!Object.isFrozen(value)) return false;
		for (const key of Reflect.ownKeys(value)) {
			queue.push(Object.getOwnPropertyDescriptor(value, key).value);
		}
	}
	return true;
}
`;

/** Names that `code` declares at the top of its module. */
function namesAtTop(code: string): string[] {
	const tree = ts.createSourceFile("a.js", code, ts.ScriptTarget.Latest);
	return tree.statements.flatMap((statement) => {
		if (ts.isVariableStatement(statement)) {
			return statement.declarationList.declarations.flatMap(({ name }) =>
				ts.isIdentifier(name) ? [name.text] : [],
			);
		}
		const isNamed = ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement);
		return isNamed && statement.name ? [statement.name.text] : [];
	});
}

function frozen(code: string): string {
	const names = namesAtTop(code);
	const quoted = names.map((name) => JSON.stringify(name)).join(",");
	return `${guardVariables(code)}\nfreezeModule([${quoted}], [${names.join(",")}]);\n`;
}

/**
 * Makes a copy of the built project below build/engine/`name`, its firmware frozen; `change` may
 * break the bundle first. Returns its folder.
 */
export function frozenProject(name: string, change = (code: string) => code): string {
	const folder = resolve("build/engine", name);
	const build = join(folder, "build");
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(join(build, "linux"), { recursive: true });
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
	cpSync("build/chunks", join(build, "chunks"), { recursive: true });
	copyFileSync("build/start.js", join(build, "start.js"));
	symlinkSync(resolve("build/linux/xs-host"), join(build, "linux/xs-host"));
	writeFileSync(join(build, "freezer.js"), FREEZER);
	const device = change(readFileSync("build/device.js", "utf8"));
	writeFileSync(join(build, "device.js"), `import "./freezer.js";\n${frozen(device)}`);
	const main = readFileSync("build/linux-main.js", "utf8");
	writeFileSync(join(build, "linux-main.js"), `import "./freezer.js";\n${frozen(main)}`);
	return folder;
}
