// A command line in this process, as a user types it: how it ends, and all that it prints.

import { run } from "../../tools/program.js";

export interface Printed {
	readonly code: number;
	/** Both streams, as they would stand on a terminal. */
	readonly output: string;
}

export async function runHoldfast(words: readonly string[]): Promise<Printed> {
	const streams = [process.stdout, process.stderr];
	const written = streams.map((stream) => stream.write.bind(stream));
	let output = "";
	for (const stream of streams) {
		stream.write = (text: unknown) => {
			output += String(text);
			return true;
		};
	}
	try {
		return { code: await run(words), output };
	} finally {
		process.exitCode = undefined;
		streams.forEach((stream, index) => (stream.write = written[index] as never));
	}
}

/** The lines of JSON in `output`. */
export function jsonLines(output: string): Record<string, unknown>[] {
	const lines = output.split("\n").filter((line) => line.startsWith("{"));
	return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
