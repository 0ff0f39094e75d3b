import { Bench, BenchFleet, HARDWARE_ID } from "../../support/provisioning-bench.js";

describe("Provisioner and Station", () => {
	let fleet: BenchFleet;
	beforeEach(async () => {
		fleet = await BenchFleet.create();
	});

	it("take a new device to a proved, recorded and locked one", async () => {
		const bench = new Bench(fleet, 1);
		const { record, outcome } = await bench.provision();
		expect(outcome).toBe("provisioned");
		expect(record.deviceId).toBe(`unit-${HARDWARE_ID}`);
		expect(record.details?.locked).toBe(true);
		expect(bench.device.provisioner.isLocked).toBe(true);
		expect(bench.device.committed).toBe(1);
		console.log(bench.wire.writes, bench.device.events);
	});
});
