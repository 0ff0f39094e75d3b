import type { Command } from "commander";
import { counted } from "../../../tools/command-line.js";
import { makeProgram } from "../../../tools/program.js";

describe("counted", () => {
	it("has one of a thing in the singular", () => {
		const told = [0, 1, 2].map((count) => counted(count, "message"));
		expect(told).toEqual(["0 messages", "1 message", "2 messages"]);
	});
});

describe("holdfast --help", () => {
	it("has descriptions that the width of the terminal may break, and nothing else", () => {
		for (const command of withChildren(makeProgram())) {
			const texts = [command.description(), command.summary()];
			for (const option of command.options) texts.push(option.description);
			expect([command.name(), texts.filter((text) => text.includes("\n"))]).toEqual([
				command.name(),
				[],
			]);
		}
	});
});

function withChildren(command: Command): Command[] {
	return [command, ...command.commands.flatMap(withChildren)];
}
