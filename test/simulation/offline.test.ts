// Hours without a broker at a reading a second: a bounded outbox, a flat set of timers, and every
// reading accounted for by signed gap records. The whole day is `npm run sim -- --offline`.

import { runOffline } from "../../hosts/simulator/run/offline.js";
import { MQTT_IN_FLIGHT_MAX } from "../../src/limits.js";
import { nodeParts } from "../../tools/sim/node-parts.js";

describe("a device offline at a reading a second", () => {
	it("drops what has no room, and its gap records account for each of them", () => {
		const { sha256 } = nodeParts();
		const result = runOffline({ hours: 1.5, sampleIntervalMs: 1000, outboxBlocks: 8, sha256 });
		expect(result.finding).toBe(undefined);
		expect(result.accepted).toBeGreaterThan(1.5 * 3600);
		expect(result.explained).toBeGreaterThan(3600);
		expect(result.delivered + result.explained).toBe(result.accepted);
		expect(result.lost).toBe(0);
		const cameAllTheSame = result.counted - result.explained - result.replaced;
		expect(cameAllTheSame >= 0 && cameAllTheSame <= MQTT_IN_FLIGHT_MAX).toBe(true);
		expect(result.recordsMax).toBeLessThan(150);
		expect(result.timersMax).toBeLessThan(8);
		expect(result.erasesPerDayWorst - result.erasesPerDay).toBeLessThan(20);
	});
});
