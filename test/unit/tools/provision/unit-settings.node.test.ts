import { CHAIN_BYTES_MAX } from "../../../../src/limits.js";
import { configurationOf, type UnitIdentity } from "../../../../tools/provision/unit-settings.js";
import { derOf } from "../../../support/sample-configuration.js";

function identity(chain: readonly Uint8Array[]): UnitIdentity {
	return {
		deviceId: "sensor-1",
		keyName: "tls-0",
		chain,
		authorities: [derOf(500)],
		operators: [],
		unixSeconds: 1_790_000_000,
	};
}

const SETTINGS = { servers: [{ host: "broker.example", port: 8883 }] };

describe("configurationOf", () => {
	it("takes a chain of 3500 bytes, and refuses one byte more", () => {
		const most = [derOf(2000), derOf(CHAIN_BYTES_MAX - 2000)];
		expect(configurationOf(SETTINGS, identity(most)).length).toBeGreaterThan(CHAIN_BYTES_MAX);
		const above = [derOf(2000), derOf(CHAIN_BYTES_MAX - 1999)];
		expect(() => configurationOf(SETTINGS, identity(above))).toThrow(
			"configuration: certificates: expected at most 3500 bytes in all",
		);
	});
});
