// No state that a broker, a network and a power supply can bring the device into loses an accepted
// reading, gives a sequence number twice, or ends the flow of readings: looked up in every state
// within the budgets below. HOLDFAST_DELIVERY=wide takes larger ones, for an hour or so.

import type { KeyValueStore } from "../../../src/ports.js";
import type { DeliveryDevice, Plant } from "./delivery-device.js";
import { searchDelivery, type SearchResult } from "./delivery-search.js";
import type { WorldOptions } from "./delivery-world.js";
import type { Budget } from "./outside.js";

const SEARCH_MS_MAX = 120_000;
const WIDE_MS_MAX = 7_200_000;
const isWide = process.env.HOLDFAST_DELIVERY === "wide";

function budget(readings: number, cuts: number, breaks: number, losses: number): Budget {
	return { readings, cuts, breaks, losses };
}

const SEARCHES: readonly (readonly [string, WorldOptions, number])[] = [
	["two readings and a power cut", { QoS: 1, budget: budget(2, 1, 0, 0) }, 900],
	["two readings and a broken connection", { QoS: 1, budget: budget(2, 0, 1, 0) }, 600],
	["one reading and one fault of each kind", { QoS: 1, budget: budget(1, 1, 1, 1) }, 2900],
	["QoS 2, a power cut and a broken connection", { QoS: 2, budget: budget(1, 1, 1, 0) }, 1100],
	["QoS 2 and a lost session", { QoS: 2, budget: budget(1, 0, 1, 1) }, 500],
	[
		"QoS 2 delivered at PUBREL, a power cut and two broken connections",
		{ QoS: 2, deliversAtRelease: true, budget: budget(1, 1, 2, 0) },
		1500,
	],
	[
		"QoS 2 delivered at PUBREL, and a lost session",
		{ QoS: 2, deliversAtRelease: true, budget: budget(1, 1, 1, 1) },
		1500,
	],
	["a full outbox and two power cuts", { QoS: 1, isFull: true, budget: budget(2, 2, 0, 0) }, 450],
];

const WIDE_SEARCHES: typeof SEARCHES = [
	["three readings", { QoS: 1, budget: budget(3, 1, 1, 0) }, 5000],
	["two of each", { QoS: 1, budget: budget(2, 2, 2, 0) }, 20_000],
	["a lost session", { QoS: 1, budget: budget(2, 1, 1, 1) }, 10_000],
	["QoS 2, everything", { QoS: 2, budget: budget(1, 1, 1, 1) }, 2500],
	["QoS 2, two readings", { QoS: 2, budget: budget(2, 1, 1, 0) }, 10_000],
	["a full outbox", { QoS: 1, isFull: true, budget: budget(4, 3, 0, 0) }, 1000],
];

describe("delivery, in every state", () => {
	for (const [name, options, statesMin] of isWide ? WIDE_SEARCHES : SEARCHES) {
		it(
			`loses, repeats and blocks nothing: ${name}`,
			() => {
				const result = searchDelivery(options);
				const { states, steps, compared } = result;
				process.stdout.write(`${name}: ${states} states, ${steps} steps, ${compared} compared\n`);
				expect(result.finding).toBeUndefined();
				// A search that has nowhere to go finds nothing either.
				expect(states).toBeGreaterThan(statesMin);
			},
			isWide ? WIDE_MS_MAX : SEARCH_MS_MAX,
		);
	}
});

/** Each must be found, as what it is. */
const PLANTS: readonly (readonly [string, WorldOptions & { readonly plant: Plant }, RegExp])[] = [
	[
		"what has its PUBREC counts as delivered when its session is gone",
		{
			QoS: 2,
			deliversAtRelease: true,
			budget: budget(1, 0, 1, 0),
			plant: { device: trustReleased },
		},
		/^lost/,
	],
	[
		"a message leaves flash when it is handed to MQTT",
		{ QoS: 1, budget: budget(1, 0, 1, 0), plant: { device: removeAtOffer } },
		/^lost/,
	],
	[
		"what a lost session had in flight counts as delivered",
		{ QoS: 1, budget: budget(1, 0, 0, 1), plant: { device: acknowledgeLostSession } },
		/^lost/,
	],
	[
		"a reading is accepted before it is on flash",
		{ QoS: 1, budget: budget(1, 1, 0, 0), plant: { device: storeLater } },
		/^lost/,
	],
	[
		"a full outbox drops without a gap record",
		{ QoS: 1, isFull: true, budget: budget(1, 0, 0, 0), plant: { device: dropSilently } },
		/^lost/,
	],
	[
		"sequence numbers are not reserved before they are used",
		{ QoS: 1, budget: budget(0, 1, 0, 0), plant: { sequenceStore: forgetful } },
		/^reused/,
	],
	[
		"what was offered once is not offered again",
		{ QoS: 1, budget: budget(1, 0, 1, 1), plant: { device: offerOnce } },
		/does not come to an end/,
	],
	[
		"the end of QoS 2 does not reach the outbox",
		{ QoS: 2, budget: budget(1, 0, 0, 0), plant: { device: ignoreAcknowledgement } },
		/does not come to an end/,
	],
];

describe("delivery, with a planted bug", () => {
	for (const [name, options, problem] of PLANTS) {
		it(`is seen to fail: ${name}`, () => {
			const { finding }: SearchResult = searchDelivery(options);
			expect(finding?.problem).toMatch(problem);
			expect(finding?.path.length).toBeLessThanOrEqual(6);
		});
	}
});

function removeAtOffer({ uplink, outbox }: DeliveryDevice): void {
	const recall = uplink.recall.bind(uplink);
	uplink.recall = (sequence) => {
		const content = recall(sequence);
		outbox.remove(sequence);
		return content;
	};
}

function acknowledgeLostSession({ session, uplink }: DeliveryDevice): void {
	const restart = session.restart.bind(session);
	session.restart = () => {
		const tokens = session.inFlight().map(({ token }) => token);
		restart();
		for (const token of tokens) uplink.acknowledged(token);
	};
}

function trustReleased({ session, uplink }: DeliveryDevice): void {
	const meet = session.meet.bind(session);
	session.meet = (broker) => {
		const taken = session.inFlight().filter(({ state }) => state === "released");
		for (const { token } of taken) uplink.acknowledged(token);
		return meet(broker);
	};
}

function storeLater({ outbox }: DeliveryDevice): void {
	const later: Parameters<typeof outbox.store>[0][] = [];
	const read = outbox.read.bind(outbox);
	outbox.store = (entry) => {
		later.push(entry);
		return { kind: "stored" };
	};
	outbox.waiting = (after) => later.filter(({ sequence }) => sequence > (after ?? 0));
	outbox.read = (wanted) => later.find(({ sequence }) => sequence === wanted) ?? read(wanted);
}

function dropSilently({ outbox }: DeliveryDevice): void {
	outbox.makeRoom = () => {
		for (const { sequence } of outbox.waiting(undefined, 4)) outbox.remove(sequence);
		return { kind: "stored" };
	};
}

function forgetful(store: KeyValueStore): KeyValueStore {
	return {
		read: (key) => store.read(key),
		write: () => undefined,
		delete: (key) => store.delete(key),
		close: () => store.close(),
		[Symbol.iterator]: () => store[Symbol.iterator](),
	};
}

function offerOnce({ uplink, session }: DeliveryDevice): void {
	const restart = session.restart.bind(session);
	uplink.rewind = () => undefined;
	session.restart = () => {
		restart();
		for (const { packetId } of session.inFlight()) session.forget(packetId);
	};
}

function ignoreAcknowledgement({ uplink }: DeliveryDevice): void {
	uplink.acknowledged = () => undefined;
}
