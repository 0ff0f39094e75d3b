// Messages per second against mosquitto on loopback, what each costs on the wire, and whether the
// heap of XS is after many messages what it was after few.
import { MQTT_IN_FLIGHT_MAX } from "../../src/limits.js";
import { connectBroker } from "../broker-connection.js";
import { ChaosProxy } from "../start/proxy.js";
import { type BenchContext, makePumpBoard, type PumpBoard } from "./bench-context.js";
import { differencePercent, type Figure, ratio } from "./figures.js";
import { runProgram } from "./run-program.js";

/** Gates of the product: a second on loopback, and a heap that stays as it is. */
const RATE_MIN = 1000;
const DRIFT_PERCENT_MAX = 1;
const MESSAGES = { one: 2000, limit: 5000, node: 300, wire: 1000 };
/** Runs of each, of which the fastest counts: what else the machine does only slows it down. */
const RUNS = 3;
/** The first look at the heap; the second one is at the end. */
const FIRST_MARK = 10_000;
/**
 * Looks at the heap before each of the two, so many messages apart, of which the lowest counts: a
 * timer or a half-read buffer comes and goes, and what leaks does not go.
 */
const LOOKS = 12;
const LOOK_STRIDE = 37;
const DEVICE = { xs: "bench-xs", node: "bench-node" };

interface Memory {
	readonly slotCount: number;
	readonly chunkBytes: number;
	readonly slotCountBase: number;
	readonly chunkBytesBase: number;
	readonly slotBytes: number;
}

interface PumpResult {
	readonly messages: number;
	readonly perSecond: number;
	readonly payload: Uint8Array;
	readonly topic: string;
	readonly envelopeBytes: number;
	readonly marks: readonly { readonly mark: number; readonly memory?: Memory }[];
}

interface PumpRequest {
	readonly port: number;
	readonly inFlight: number;
	readonly messages: number;
	readonly marks?: readonly number[];
}

async function runPump(board: PumpBoard, request: PumpRequest): Promise<PumpResult> {
	const { port, inFlight, messages, marks = [] } = request;
	const { lines } = await runProgram(board.file, [
		...board.words,
		"run",
		...board.identity,
		`port=${port}`,
		`in-flight=${inFlight}`,
		`messages=${messages}`,
		`marks=${marks.join(",")}`,
	]);
	const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
	const { sample, payload } = said.find((line) => "sample" in line) as {
		sample: { topic: string; envelopeBytes: number };
		payload: string;
	};
	const end = said.find((line) => "messages" in line) as { messages: number; ms: number };
	return {
		...sample,
		messages: end.messages,
		perSecond: (end.messages * 1000) / end.ms,
		payload: new Uint8Array(Buffer.from(payload, "hex")),
		marks: said.filter((line) => "mark" in line) as unknown as PumpResult["marks"],
	};
}

/** MQTT.js with the same payload, unsigned, not stored anywhere. Messages per second. */
async function runMQTTJS(
	context: BenchContext,
	{ port, inFlight, messages }: PumpRequest,
	{ topic, payload }: PumpResult,
): Promise<number> {
	const { authority } = await context.brokerIdentity();
	const client = await connectBroker({
		url: `mqtts://localhost:${port}`,
		authority,
		identity: (await context.fleet()).operatorIdentity("operator"),
		clientId: "bench-mqttjs",
	});
	const bytes = Buffer.from(payload);
	let left = messages;
	const start = performance.now();
	const publishAll = async () => {
		while (left-- > 0) await client.publishAsync(topic, bytes, { qos: 1 });
	};
	await Promise.all(Array.from({ length: inFlight }, publishAll));
	const seconds = (performance.now() - start) / 1000;
	await client.endAsync();
	return messages / seconds;
}

async function fastest<Run extends { readonly perSecond: number }>(
	run: () => Promise<Run>,
): Promise<Run> {
	let best = await run();
	for (let count = 1; count < RUNS; count++) {
		const next = await run();
		if (next.perSecond > best.perSecond) best = next;
	}
	return best;
}

export async function measureThroughput(context: BenchContext): Promise<Figure[]> {
	const port = await context.broker();
	const xs = await makePumpBoard(context, "xs", DEVICE.xs);
	const node = await makePumpBoard(context, "node", DEVICE.node);
	const figures: Figure[] = [];
	for (const inFlight of [1, MQTT_IN_FLIGHT_MAX]) {
		const isLimit = inFlight > 1;
		const messages = isLimit ? MESSAGES.limit : MESSAGES.one;
		const how = `${inFlight} in flight`;
		context.progress(`${messages} messages on XS, ${how}`);
		const ours = await fastest(() => runPump(xs, { port, inFlight, messages }));
		context.progress(`${MESSAGES.node} messages on Node, ${how}`);
		const onNode = await runPump(node, { port, inFlight, messages: MESSAGES.node });
		context.progress(`${messages} messages by MQTT.js, ${how}`);
		const { perSecond: theirs } = await fastest(async () => ({
			perSecond: await runMQTTJS(context, { port, inFlight, messages }, ours),
		}));
		const gate = isLimit ? { gate: { atLeast: RATE_MIN } } : {};
		figures.push(
			{ name: `signed QoS 1 on XS, ${how}`, unit: "/s", value: ours.perSecond, ...gate },
			{
				name: `signed QoS 1 on the Node host, ${how}`,
				unit: "/s",
				value: onNode.perSecond,
				note: "signs in script",
			},
			{ name: `unsigned QoS 1 by MQTT.js, ${how}`, unit: "/s", value: theirs },
			{
				name: `XS, signed, to MQTT.js, unsigned, ${how}`,
				unit: "×",
				value: ratio(ours.perSecond, theirs),
			},
		);
	}
	return figures;
}

export async function measureWire(context: BenchContext): Promise<Figure[]> {
	const target = { host: "127.0.0.1", port: await context.broker() };
	const board = await makePumpBoard(context, "xs", "bench-wire");
	const proxy = await ChaosProxy.start({ target, record: true });
	const { port } = proxy;
	context.progress(`${MESSAGES.wire} messages through a proxy that counts`);
	try {
		const seen = () => ({
			up: proxy.recorded("up").length,
			down: proxy.recorded("down").length,
		});
		// What a connection itself costs is in both runs.
		await runPump(board, { port, inFlight: 1, messages: 1 });
		const few = seen();
		const result = await runPump(board, { port, inFlight: 1, messages: MESSAGES.wire + 1 });
		const many = seen();
		const perMessage = (all: number, first: number) => (all - first - first) / MESSAGES.wire;
		const up = perMessage(many.up, few.up);
		const down = perMessage(many.down, few.down);
		return [
			{ name: "reading, SenML in CBOR", unit: "bytes", value: result.payload.length },
			{ name: "signed envelope", unit: "bytes", value: result.envelopeBytes },
			{ name: "on the wire, to the broker (TLS records)", unit: "bytes", value: up },
			{ name: "on the wire, from the broker (PUBACK)", unit: "bytes", value: down },
			{ name: "on the wire, one signed QoS 1 message", unit: "bytes", value: up + down },
		];
	} finally {
		await proxy.close();
	}
}

function lowest(looks: readonly Memory[]): Memory {
	const least = (kind: keyof Memory) => Math.min(...looks.map((memory) => memory[kind]));
	return {
		slotCount: least("slotCount"),
		chunkBytes: least("chunkBytes"),
		slotCountBase: least("slotCountBase"),
		chunkBytesBase: least("chunkBytesBase"),
		slotBytes: least("slotBytes"),
	};
}

export async function measureSteadiness(
	context: BenchContext,
	{ messages }: { messages: number },
): Promise<Figure[]> {
	const port = await context.broker();
	const board = await makePumpBoard(context, "xs", "bench-steady");
	context.progress(`${messages} messages on XS, for the heap`);
	const ends = [Math.min(FIRST_MARK, Math.floor(messages / 10)), messages];
	const marks = ends.flatMap((end) =>
		Array.from({ length: LOOKS }, (_, index) => end - (LOOKS - 1 - index) * LOOK_STRIDE),
	);
	const inFlight = MQTT_IN_FLIGHT_MAX;
	const result = await runPump(board, { port, inFlight, messages, marks });
	const looks = result.marks.flatMap(({ memory }) => memory ?? []);
	const [few, many] = [lowest(looks.slice(0, LOOKS)), lowest(looks.slice(LOOKS))];
	if (looks.length !== marks.length) throw new Error("the pump said too little about its heap");
	const figures = (["slotCount", "chunkBytes"] as const).flatMap((kind): Figure[] => {
		const unit = kind === "slotCount" ? "slots" : "bytes";
		const live = (memory: Memory) => memory[kind] - memory[`${kind}Base`];
		const name = kind === "slotCount" ? "slots" : "chunks";
		// Of all that is live, the loaded code included: the rows before show what grew.
		const percent = differencePercent(few[kind], many[kind]);
		const gate = { atMost: DRIFT_PERCENT_MAX };
		return [
			{ name: `${name} above the code after ${ends[0]} messages`, unit, value: live(few) },
			{ name: `${name} above the code after ${ends[1]} messages`, unit, value: live(many) },
			{ name: `${name}: difference of all that is live`, unit: "%", value: percent, gate },
		];
	});
	return [...figures, { name: "rate of this run", unit: "/s", value: result.perSecond }];
}
