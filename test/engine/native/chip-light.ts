// What the chip's modules do on a board with a UART in place of USB, a light, and a build time of
// its own.
import { System } from "../../../modules/system/system.js";
import { settle, until } from "../../support/engine-wait.js";

const native = (globalThis as unknown as { native: (name: string) => () => unknown }).native;

function see(): Record<string, number> {
	return native("xs_board_see")() as Record<string, number>;
}

describe("System on a board with a light", () => {
	const system = new System();

	it("blinks for a person, ends dark, and blinks once for two who ask at a time", async () => {
		system.identify();
		expect(see().blinks).toBe(0);
		system.identify();
		await until(() => see().blinks === 20);
		await settle(50);
		expect([see().blinks, see().light]).toEqual([20, 0]);
		system.identify();
		await until(() => see().blinks === 40);
	});

	it("has the build time that its manifest says", () => {
		expect(system.buildTime).toBe(1_767_225_600);
	});
});
