import ts from "typescript";

/** JavaScript, as all of the build. */
const FILE = "../../../tools/plain-methods.js";
const { plainMethods } = (await import(FILE)) as {
	plainMethods: ts.TransformerFactory<ts.SourceFile>;
};

function compiled(code: string): string {
	const compilerOptions = { target: ts.ScriptTarget.ES2022 };
	const transformers = { before: [plainMethods] };
	return ts.transpileModule(code, { compilerOptions, transformers }).outputText;
}

describe("plainMethods", () => {
	it("makes ordinary methods and accessors of private ones, and leaves fields alone", () => {
		const code = `
			class Counter {
				#count = 0;
				step() { this.#add(1); return [this.#text, this.#count, this.#handler()]; }
				#add(by) { this.#count += by; }
				get #text() { return \`\${this.#count}\`; }
				#handler = () => this.#count * 10;
			}
			new Counter().step();`;
		const output = compiled(code);
		expect(output).toContain("#count = 0");
		expect(output).toContain("#handler = ");
		expect(output).not.toMatch(/#(add|text)/);
		expect(new Function(output.replace("new Counter", "return new Counter"))()).toEqual([
			"1",
			1,
			10,
		]);
	});

	it("keeps the names of one class apart from those of a class inside it", () => {
		const output = compiled(`
			class Outer {
				#a() { return class { #a = 1; #b() { return this.#a; } }; }
				b(other) { return other.#a(); }
			}`);
		expect(output).toContain("return other._a()");
		expect(output).toContain("#a = 1");
		expect(output).toContain("_b() { return this.#a; }");
	});

	it("refuses a class that has the new name already", () => {
		expect(() => compiled("class A { #a() {} _a() {} }")).toThrow("_a: the name that #a is given");
	});
});
