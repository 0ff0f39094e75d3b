// `holdfast policy`: the policy table, and the brokers' access lists that follow from it.
import { writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { DEFAULT_RULES } from "../../src/policy/rules.js";
import { addExamples, jsonOption, print, printJSON, printTable } from "../command-line.js";
import { Fleet } from "../pki/fleet.js";
import { mosquittoAccessList } from "./mosquitto.js";

export function policyCommand(): Command {
	return new Command("policy")
		.description("Show the topic policy, and write brokers' access lists from it.")
		.addCommand(showCommand())
		.addCommand(brokerCommand());
}

function showCommand(): Command {
	const command = new Command("show")
		.description("Print the table that devices carry. What it does not name is denied.")
		.addOption(jsonOption("one JSON array"))
		.action((options: { json?: boolean }) => {
			if (options.json) return printJSON(DEFAULT_RULES);
			const rows = DEFAULT_RULES.map(({ direction, channel, topic, QoS }) => {
				return [direction, channel, topic, String(QoS)];
			});
			printTable(["DIRECTION", "CHANNEL", "TOPIC", "QoS"], rows);
		});
	return addExamples(command, [["holdfast policy show", "what a device may publish and hear"]]);
}

function brokerCommand(): Command {
	const command = new Command("broker")
		.description("Write a broker's access list from the same table.")
		.addOption(
			new Option("--for <broker>", "whose format").choices(["mosquitto"]).makeOptionMandatory(),
		)
		.option(
			"--fleet <folder>",
			"folder of the fleet: adds its operators, and its paths to the header",
		)
		.option("--out <file>", "where the list goes (standard output without it)")
		.addOption(jsonOption("print JSON instead: the list in `text`"))
		.action(async (options: { fleet?: string; out?: string; json?: boolean }) => {
			const fleet = options.fleet ? await Fleet.open(options.fleet) : undefined;
			const operators = fleet ? fleet.operators().map(({ name }) => name) : [];
			const paths = fleet && {
				authorityFile: fleet.authorityFile,
				revocationListFile: fleet.revocationListFile,
			};
			const text = mosquittoAccessList({ rules: DEFAULT_RULES, operators, ...paths });
			if (options.out) writeFileSync(options.out, text);
			if (options.json) printJSON({ for: "mosquitto", operators, out: options.out, text });
			else if (options.out) print(`Access list for mosquitto: ${options.out}`);
			else process.stdout.write(text);
		});
	return addExamples(command, [
		["holdfast policy broker --for mosquitto --fleet fleet --out acl", "for mosquitto's acl_file"],
	]);
}
