// What a day costs the flash, measured on a partition of 256 KiB: the figures of
// src/outbox/DESIGN.md come from here.

import { NORFlash } from "../../hosts/simulator/flash.js";
import { SimulatedSensor } from "../../hosts/support/simulated-sensor.js";
import { CONTENT_READING } from "../../src/envelope/content-types.js";
import { MQTT_IN_FLIGHT_MAX } from "../../src/limits.js";
import { Outbox } from "../../src/outbox/outbox.js";
import { BODY_BYTES, UNIT_BYTES } from "../../src/outbox/unit.js";
import { Policy } from "../../src/policy/policy.js";
import { DEFAULT_RULES } from "../../src/policy/rules.js";
import type { ByteSource, FlashPartition } from "../../src/ports.js";
import { encodeReading } from "../../src/reading/senml.js";
import { Uplink } from "../../src/uplink.js";
import { toyKey } from "../support/toy-signature.js";

const BLOCKS = 64; // 256 KiB
const READINGS_A_DAY = 8640; // one every 10 s
const BODY_UNITS = 6; // an envelope with temperature, humidity and time: 184 bytes
const NOW = 1_800_000_000;

/** An outbox with its uplink, and what it programmed. */
class Store {
	readonly #chip = new NORFlash({ blocks: BLOCKS });
	readonly #sensor = new SimulatedSensor({ seed: 1 });
	readonly outbox: Outbox;
	readonly #uplink: Uplink;
	units = 0;
	#sequence = 1_000_000;
	#seconds = NOW;

	constructor() {
		const mounted = Outbox.mount({ flash: this.#counting(this.#chip.open()) });
		if (mounted.kind !== "mounted") throw new Error("not mounted");
		this.outbox = mounted.outbox;
		this.#uplink = new Uplink({
			outbox: this.outbox,
			policy: new Policy(DEFAULT_RULES, "sensor-1"),
			signer: toyKey(1),
			nextSequence: () => ++this.#sequence,
			now: () => ({ unixSeconds: this.#seconds, quality: 3 }),
			report: () => undefined,
		});
	}

	get erases(): number {
		return this.#chip.erases.reduce((sum, count) => sum + count, 0);
	}

	/** A reading with temperature and humidity, as npm start has it. Its bytes in the outbox. */
	accept(): number {
		this.#seconds += 10;
		const values = this.#sensor.sample();
		const reading = encodeReading([values], this.#seconds);
		if (reading.kind !== "encoded") throw new Error("no reading");
		const accepted = this.#uplink.accept({
			channel: "telemetry",
			contentType: CONTENT_READING,
			payload: reading.payload,
		});
		if (accepted.kind !== "accepted") throw new Error(accepted.reason);
		return this.outbox.read(accepted.sequence)?.bytes.length ?? 0;
	}

	acknowledge(count: number): void {
		for (const { sequence } of this.outbox.waiting(undefined, count)) {
			this.#uplink.acknowledged(sequence);
		}
	}

	#counting(flash: FlashPartition): FlashPartition {
		return {
			read: (byteLength, byteOffset) => flash.read(byteLength, byteOffset),
			write: (bytes: ByteSource, byteOffset) => {
				this.units += new Uint8Array(bytes).length / UNIT_BYTES;
				flash.write(bytes, byteOffset);
			},
			eraseBlock: (start, end) => flash.eraseBlock(start, end),
			status: () => flash.status(),
			close: () => flash.close(),
		};
	}
}

interface Wear {
	readonly unitsPerReading: number;
	readonly erasesPerBlockAndDay: number;
}

/** Lives through `readings` of a day; `each` is called after each of them with its number. */
function wearOf(
	readings: number,
	each: (store: Store, number: number) => void,
	store = new Store(),
): Wear {
	const { units, erases } = store;
	for (let number = 1; number <= readings; number++) {
		expect(Math.ceil(store.accept() / BODY_BYTES)).toBe(BODY_UNITS);
		each(store, number);
	}
	return {
		unitsPerReading: (store.units - units) / readings,
		erasesPerBlockAndDay: ((store.erases - erases) / BLOCKS) * (READINGS_A_DAY / readings),
	};
}

describe("a reading every 10 seconds on 256 KiB of flash", () => {
	it("programs eight units and erases each block nine times a day while it is online", () => {
		const wear = wearOf(READINGS_A_DAY, (store) => {
			store.acknowledge(1);
			store.outbox.flush();
		});
		expect(wear.unitsPerReading).toBeCloseTo(8.07, 2);
		expect(wear.erasesPerBlockAndDay).toBe(9);
	});

	it("shares one tombstone among acknowledgements that come together", () => {
		const wear = wearOf(READINGS_A_DAY / 4, (store, number) => {
			if (number % MQTT_IN_FLIGHT_MAX !== 0) return;
			store.acknowledge(MQTT_IN_FLIGHT_MAX);
			store.outbox.flush();
		});
		expect(wear.unitsPerReading).toBeCloseTo(7.12, 2);
		expect(wear.erasesPerBlockAndDay).toBeCloseTo(8, 0);
	});

	it("wears no faster offline, although it is full and drops", () => {
		const store = new Store();
		for (let number = 0; number < 1000; number++) store.accept();
		expect(store.outbox.status().records).toBeGreaterThan(750);
		expect(store.outbox.status().records).toBeLessThan(1000);
		const wear = wearOf(READINGS_A_DAY / 4, () => undefined, store);
		expect(wear.unitsPerReading).toBeCloseTo(7.25, 1);
		expect(wear.erasesPerBlockAndDay).toBeCloseTo(8, 0);
	});
});
