// `npm run bench`: runs the parts one after the other, prints their figures and judges their gates.
// A part that cannot run is told and leaves the others alone.
import {
	describeFailure,
	EXIT_FAILURE,
	EXIT_USAGE,
	print,
	printJSON,
	printProgress,
	UsageError,
} from "../command-line.js";
import { type BenchArguments, parseBenchArguments, type PartName } from "./bench-arguments.js";
import { BenchContext } from "./bench-context.js";
import { failures, type Figure, formatFigure, judge } from "./figures.js";
import { measureCosts } from "./measure-costs.js";
import { measureEngineHeap } from "./measure-heap.js";
import { measureSteadiness, measureThroughput, measureWire } from "./measure-throughput.js";
import { measureHandshakes, measureTLSHeap } from "./measure-tls.js";
import { endPrograms } from "./run-program.js";

interface Part {
	readonly title: string;
	readonly measure: (context: BenchContext, given: BenchArguments) => Promise<Figure[]>;
	/** Figures with gates, by their names: they fail where the part cannot run. */
	readonly gated: readonly string[];
}

const PARTS: Readonly<Record<PartName, Part>> = {
	signatures: {
		title: "Signatures and steps of the publish path, on XS",
		measure: measureCosts,
		gated: ["sign, native to script"],
	},
	handshakes: {
		title: "TLS 1.2 handshake with mutual authentication, the client's instructions",
		measure: measureHandshakes,
		gated: ["full to resumed handshake"],
	},
	"engine-heap": {
		title: "Heap of XS by phase, above the loaded code",
		measure: measureEngineHeap,
		gated: ["publishing: slots in use", "publishing: bytes of chunks in use"],
	},
	"tls-heap": {
		title: "C heap of one TLS connection",
		measure: measureTLSHeap,
		gated: ["C heap beyond the library, the most of these"],
	},
	wire: { title: "Bytes of one message", measure: measureWire, gated: [] },
	throughput: {
		title: "Messages per second, mosquitto on loopback, mutual TLS",
		measure: measureThroughput,
		gated: ["signed QoS 1 on XS, with the in-flight limit"],
	},
	steadiness: {
		title: "Heap of XS after few and after many messages",
		measure: measureSteadiness,
		gated: ["slots: difference", "chunks: difference"],
	},
};

interface Measured {
	readonly part: PartName;
	readonly figures: readonly Figure[];
}

async function runParts(given: BenchArguments): Promise<Measured[]> {
	const context = new BenchContext(printProgress);
	const measured: Measured[] = [];
	const stop = () => {
		endPrograms();
		void context.close().finally(() => process.exit(EXIT_FAILURE));
	};
	process.once("SIGINT", stop).once("SIGTERM", stop);
	try {
		const names = Object.keys(PARTS) as PartName[];
		for (const part of names.filter((name) => given.only.includes(name))) {
			const figures = await runPart(PARTS[part], context, given);
			measured.push({ part, figures });
			if (!given.json) printPart(PARTS[part].title, figures);
		}
	} finally {
		await context.close();
	}
	return measured;
}

async function runPart(
	{ measure, gated, title }: Part,
	context: BenchContext,
	given: BenchArguments,
): Promise<readonly Figure[]> {
	try {
		return await measure(context, given);
	} catch (error) {
		const missing = (error as Error).message;
		printProgress(describeFailure(error));
		const names = gated.length > 0 ? gated : [title];
		const gate = gated.length > 0 ? { gate: { atLeast: 0 } } : {};
		return names.map((name) => ({ name, unit: "", value: undefined, missing, ...gate }));
	}
}

function printPart(title: string, figures: readonly Figure[]): void {
	print(title);
	for (const figure of figures) print(formatFigure(figure));
	print("");
}

async function main(): Promise<number> {
	const given = parseBenchArguments(process.argv.slice(2));
	if (typeof given === "number") return given;
	const measured = await runParts(given);
	const failed = failures(measured.flatMap(({ figures }) => figures));
	if (given.json) {
		const parts = measured.map(({ part, figures }) => ({
			part,
			figures: figures.map((figure) => ({ ...figure, verdict: judge(figure) })),
		}));
		printJSON({ ok: failed.length === 0, failed, parts });
	} else {
		print(failed.length === 0 ? "All gates are met." : `Not met: ${failed.join("; ")}`);
	}
	return given.gate && failed.length > 0 ? EXIT_FAILURE : 0;
}

try {
	process.exitCode = await main();
} catch (error) {
	printProgress(describeFailure(error));
	process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
}
