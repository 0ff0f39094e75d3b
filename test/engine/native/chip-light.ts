// What the chip's modules do on a board with a UART in place of USB, a light, and a build time of
// its own.
import { System } from "../../../modules/system/system.js";
import { USBSerial } from "../../../modules/usb-serial/usb-serial.js";
import { settle, until } from "../../support/engine-wait.js";

type Native = (name: string) => (this: void, ...values: unknown[]) => unknown;
const native = (globalThis as unknown as { native: Native }).native;

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

describe("USBSerial over a UART", () => {
	it("never waits for room that the driver does not have", async () => {
		let told = 0;
		const port = new USBSerial({ onWritable: () => void told++ });
		await until(() => told === 1);
		native("xs_board_set")("unplugged", 1);
		port.write(new Uint8Array(128));
		await until(() => told === 2);
		native("xs_board_set")("unplugged", 0);
		expect(port.read()).toBeUndefined();
		port.close();
	});
});
