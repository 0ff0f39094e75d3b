// The part of jest that the unit tests use, for the XS engine: the same test files run on the
// engine that ships. Results are JSON lines on standard output, one for each test that failed and
// one for all.
import { isEqual } from "./is-equal.js";

interface Group {
	readonly name: string;
	readonly parent: Group | undefined;
	readonly before: (() => unknown)[];
	readonly after: (() => unknown)[];
}

interface Test {
	readonly name: string;
	readonly group: Group;
	readonly run: () => unknown;
}

const tests: Test[] = [];
let current: Group = { name: "", parent: undefined, before: [], after: [] };

function describe(name: string, define: () => void): void {
	const parent = current;
	current = { name: parent.name ? `${parent.name} ${name}` : name, parent, before: [], after: [] };
	define();
	current = parent;
}

function it(name: string, run: () => unknown): void {
	tests.push({ name: `${current.name} ${name}`, group: current, run });
}

class Failure extends Error {}

function show(value: unknown): string {
	if (typeof value === "string") return JSON.stringify(value);
	// The engine keeps no source text.
	if (typeof value === "function") return "a function";
	if (typeof value === "bigint") return String(value);
	if (value instanceof Uint8Array) return `Uint8Array [${value.join(", ")}]`;
	if (value instanceof Error) return `${value.name}: ${value.message}`;
	try {
		return JSON.stringify(value) ?? String(value);
	} catch {
		return String(value);
	}
}

/** Whether what was thrown is what was asked for. */
function isThrown(error: unknown, wanted: unknown): boolean {
	if (wanted === undefined) return true;
	const message = error instanceof Error ? error.message : String(error);
	if (typeof wanted === "string") return message.includes(wanted);
	if (wanted instanceof RegExp) return wanted.test(message);
	if (typeof wanted === "function") return error instanceof (wanted as new () => unknown);
	return message === (wanted as Error).message;
}

function thrownBy(run: () => unknown): { error: unknown } | undefined {
	try {
		run();
	} catch (error) {
		return { error };
	}
	return undefined;
}

function contains(actual: unknown, wanted: unknown): boolean {
	if (typeof actual === "string") return actual.includes(wanted as string);
	return [...(actual as Iterable<unknown>)].includes(wanted);
}

function lengthOf(actual: unknown): number {
	return (actual as { length: number }).length;
}

/** Each matcher says whether it holds of the actual value. */
const matchers: Record<string, (actual: never, wanted: never) => boolean> = {
	toBe: (actual, wanted) => Object.is(actual, wanted),
	toEqual: (actual, wanted) => isEqual(actual, wanted),
	toBeUndefined: (actual) => actual === undefined,
	toBeDefined: (actual) => actual !== undefined,
	toBeNull: (actual) => actual === null,
	toBeGreaterThan: (actual, wanted) => actual > wanted,
	toBeGreaterThanOrEqual: (actual, wanted) => actual >= wanted,
	toBeLessThan: (actual, wanted) => actual < wanted,
	toBeLessThanOrEqual: (actual, wanted) => actual <= wanted,
	toHaveLength: (actual, wanted) => lengthOf(actual) === wanted,
	toContain: (actual, wanted) => contains(actual, wanted),
	toMatch: (actual: string, wanted: string | RegExp) =>
		typeof wanted === "string" ? actual.includes(wanted) : wanted.test(actual),
	toThrow: (actual, wanted) => {
		const thrown = thrownBy(actual);
		return thrown !== undefined && isThrown(thrown.error, wanted);
	},
};

function expect(actual: unknown): object {
	const positive: Record<string, unknown> = {};
	const negative: Record<string, unknown> = {};
	for (const [name, holds] of Object.entries(matchers)) {
		const judge = (isWanted: boolean) => (wanted: unknown) => {
			if (holds(actual as never, wanted as never) === isWanted) return;
			const what = `${isWanted ? "" : "not."}${name}(${show(wanted)})`;
			throw new Failure(`expect(${show(actual)}).${what}`);
		};
		positive[name] = judge(true);
		negative[name] = judge(false);
	}
	return { ...positive, not: negative };
}

/** The groups from the outermost to the test's own. */
function pathTo(group: Group | undefined): Group[] {
	return group ? [...pathTo(group.parent), group] : [];
}

async function runOne({ group, run }: Test): Promise<void> {
	const path = pathTo(group);
	for (const { before } of path) for (const hook of before) await hook();
	try {
		await run();
	} finally {
		for (const { after } of path.reverse()) for (const hook of after) await hook();
	}
}

export const jestShim = {
	install(env: Record<string, string>): void {
		Object.assign(globalThis, {
			describe,
			it,
			expect,
			test: it,
			beforeEach: (hook: () => unknown) => void current.before.push(hook),
			afterEach: (hook: () => unknown) => void current.after.push(hook),
			process: { env },
		});
	},

	/** Runs what the test files declared, in their order. */
	async run(print: (line: string) => void): Promise<boolean> {
		let failed = 0;
		for (const test of tests) {
			try {
				await runOne(test);
			} catch (error) {
				failed++;
				const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
				print(JSON.stringify({ failed: test.name, error: text.slice(0, 2000) }));
			}
		}
		print(JSON.stringify({ tests: tests.length, failures: failed }));
		return failed === 0;
	},
};
