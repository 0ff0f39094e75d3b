// The long run: thousands of QoS 1 readings over a network that is cut at random bytes, with a
// broker that is restarted and a device that is killed again and again. Nothing that was accepted
// may be lost, and nothing may count twice.
//
// HOLDFAST_READINGS says how many readings (10 000 is the full run), HOLDFAST_SEED replays the
// faults. The faults are replayed, not the interleaving: sockets and processes are real.

import { Random } from "../../hosts/simulator/random.js";
import { MQTT_IN_FLIGHT_MAX } from "../../src/limits.js";
import { mosquittoPath } from "../support/brokers.js";
import { Installation } from "../support/installation.js";
import { chosenSeed } from "../support/seed.js";

const READINGS = Number(process.env.HOLDFAST_READINGS ?? 300);
/** Restarts of the broker, and as many kills of the device. */
const FAULTS = READINGS >= 5000 ? 20 : 3;
const SAMPLE_INTERVAL_MS = 12;
/** Policy timings: what takes a minute on a real device takes a third of a second here. */
const TIME_SCALE = 0.005;
/** Room for all that a device can accept while it cannot connect. */
const FLASH_KIB = 1024;
/** From somewhere in the TLS handshake to some hundred messages later. */
const CUT_BYTES_MIN = 500;
const CUT_BYTES_MAX = 80_000;
/** The network is whole again: whatever does not arrive within this time is lost. */
const ARRIVAL_MS_MAX = 30_000;
const RUN_MS_MAX = 240_000 + READINGS * 150;

const canRun = mosquittoPath() !== undefined || Boolean(process.env.CI);
const maybe = canRun ? describe : describe.skip;
const reason = canRun ? "" : " (mosquitto is not installed: apt-get install mosquitto)";

maybe(`the long run${reason}`, () => {
	let installation: Installation;

	beforeAll(async () => {
		installation = await Installation.create({
			kind: "mosquitto",
			board: {
				timeScale: TIME_SCALE,
				sampleIntervalMs: SAMPLE_INTERVAL_MS,
				flashKiB: FLASH_KIB,
			},
		});
	});

	afterAll(async () => {
		await installation.close();
	});

	it(
		`loses none of ${READINGS} readings and counts none twice`,
		async () => {
			const seed = chosenSeed();
			process.stdout.write(`long run: HOLDFAST_READINGS=${READINGS} HOLDFAST_SEED=${seed}\n`);
			const random = new Random(seed);
			await installation.listen();
			await installation.provision();
			await installation.readings(1);
			installation.proxy.cutAtRandom(() => random.integer(CUT_BYTES_MIN, CUT_BYTES_MAX));
			await breakThings(installation, random.fork());
			await installation.until(() => acceptedCount(installation) >= READINGS);
			const accepted = acceptedBy(installation);
			installation.proxy.cutAtRandom(undefined);
			await within(ARRIVAL_MS_MAX, ...allArrived(installation, accepted));
			await within(ARRIVAL_MS_MAX, ...outboxEmpty(installation));
			judge(installation, accepted);
		},
		RUN_MS_MAX,
	);
});

/** Restarts the broker and kills the device, each FAULTS times, spread over the readings. */
async function breakThings(installation: Installation, random: Random): Promise<void> {
	const { broker, board } = installation;
	const step = READINGS / (FAULTS + 1);
	for (let fault = 1; fault <= FAULTS; fault++) {
		const at = (fraction: number) => Math.floor(step * (fault - 1 + fraction));
		await installation.until(() => acceptedCount(installation) >= at(random.fraction() / 2));
		await broker.stop();
		await broker.start();
		await installation.until(() => acceptedCount(installation) >= at(random.fraction()));
		await new Promise((resolve) => setTimeout(resolve, random.integer(0, SAMPLE_INTERVAL_MS)));
		await board.powerCut(); // SIGKILL
	}
}

function acceptedCount(installation: Installation): number {
	return installation.eventsNamed("reading-accepted").length;
}

function acceptedBy(installation: Installation): number[] {
	return installation.eventsNamed("reading-accepted").map(({ sequence }) => Number(sequence));
}

function verifiedBy(installation: Installation): number[] {
	return installation.verdicts.flatMap((verdict) =>
		verdict.kind === "verified" ? [verdict.sequence] : [],
	);
}

type Awaited = [arrived: Promise<void>, problem: () => string];

function allArrived(installation: Installation, accepted: readonly number[]): Awaited {
	const waiting = new Set(accepted);
	let judged = 0;
	const arrived = installation.until(() => {
		for (; judged < installation.verdicts.length; judged++) {
			const verdict = installation.verdicts[judged];
			if (verdict?.kind === "verified") waiting.delete(verdict.sequence);
		}
		return waiting.size === 0;
	});
	return [arrived, () => `lost: ${[...waiting].slice(0, 20).join(", ")}`];
}

/** Whatever was acknowledged has left the device: a reading finds itself and what is in flight. */
function outboxEmpty(installation: Installation): Awaited {
	const depth = () => Number(installation.eventsNamed("reading-accepted").at(-1)?.depth);
	const emptied = installation.until(() => depth() <= MQTT_IN_FLIGHT_MAX);
	return [emptied, () => `still in the outbox: ${depth()}`];
}

async function within(ms: number, arrived: Promise<void>, problem: () => string): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(problem())), ms);
	});
	await Promise.race([arrived, late]).finally(() => clearTimeout(timer));
}

function judge(installation: Installation, accepted: readonly number[]): void {
	const verified = verifiedBy(installation);
	expect(new Set(accepted).size).toBe(accepted.length); // no sequence was given twice
	expect(new Set(verified).size).toBe(verified.length); // and none was believed twice
	const refusals = installation.verdicts.flatMap((verdict) =>
		verdict.kind === "refused" ? [verdict.reason] : [],
	);
	// QoS 1 may deliver again; whatever else is refused would be a forgery or a fault.
	expect(refusals.filter((refusal) => refusal !== "replay")).toEqual([]);
	expect(installation.eventsNamed("readings-dropped")).toEqual([]);
	expect(installation.observer.missing).toBe(0);
	expect(installation.eventsNamed("power-cut")).toHaveLength(FAULTS);
	const { connections } = installation.proxy;
	const sessions = installation.eventsNamed("connection-online").length;
	expect(sessions).toBeGreaterThan(FAULTS);
	// Only what was in flight when a session broke may come again: the device's own, and the
	// operator's at each restart of the broker.
	expect(refusals.length).toBeLessThanOrEqual((sessions - 1 + FAULTS) * MQTT_IN_FLIGHT_MAX);
	const counts = `${verified.length} verified, ${refusals.length} repeated`;
	process.stdout.write(`long run: ${counts}, ${sessions} of ${connections} connections\n`);
}
