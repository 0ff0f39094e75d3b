// Signatures and single steps of the publish path on XS.
import type { BenchContext } from "./bench-context.js";
import { type Figure, ratio } from "./figures.js";
import { runProgram } from "./run-program.js";

const SIGN_RATIO_MIN = 500;

/** Microseconds by step. */
async function stepCosts(context: BenchContext): Promise<Map<string, number>> {
	const engine = await context.engine();
	context.progress("single steps on XS");
	const { lines } = await runProgram(engine, [
		context.project("build/bench-xs-costs.js"),
		context.file("board-costs"),
	]);
	const said = lines.map((line) => JSON.parse(line) as { step?: string; us?: number });
	return new Map(said.flatMap(({ step, us }) => (step && us ? [[step, us] as const] : [])));
}

export async function measureCosts(context: BenchContext): Promise<Figure[]> {
	const costs = await stepCosts(context);
	const figure = (name: string, step: string): Figure => ({
		name,
		unit: "µs",
		value: costs.get(step),
	});
	const faster = (what: string) => ratio(costs.get(`${what}-script`), costs.get(`${what}-native`));
	return [
		figure("sign, native", "sign-native"),
		figure("sign, tweetnacl in script", "sign-script"),
		{
			name: "sign, native to script",
			unit: "× faster",
			value: faster("sign"),
			gate: { atLeast: SIGN_RATIO_MIN },
		},
		figure("verify, native", "verify-native"),
		figure("verify, tweetnacl in script", "verify-script"),
		{ name: "verify, native to script", unit: "× faster", value: faster("verify") },
		figure("encode a reading (SenML in CBOR)", "encode-reading"),
		figure("seal an envelope, signature included", "seal"),
		figure("open an envelope, verification included", "open"),
		figure("write a PUBLISH (mqtt-packet)", "write-publish"),
		figure("read a PUBLISH", "read-publish"),
		figure("read a PUBACK", "read-puback"),
	];
}
