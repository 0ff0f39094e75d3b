// The cable is pulled while the station waits for an answer: the station hears of it, and does not
// ask a port that is gone again and again.

import { PseudoTerminal } from "../../hosts/node/pseudo-terminal.js";
import { openSerialStationPort } from "../../tools/provision/serial-station-port.js";

describe("the station's serial port", () => {
	it("says that it went away when the other end is gone", async () => {
		const terminal = await PseudoTerminal.open({ onData: () => undefined });
		const port = await openSerialStationPort(terminal.path);
		const closed = new Promise<string>((resolve) => (port.onClosed = resolve));
		terminal.close();
		expect(await closed).toBe("the serial port went away");
		await port.close();
	});

	it("says so as well when something had just arrived", async () => {
		const terminal = await PseudoTerminal.open({ onData: () => undefined });
		const port = await openSerialStationPort(terminal.path);
		const closed = new Promise<string>((resolve) => (port.onClosed = resolve));
		port.onData = () => terminal.close(); // before the port is read again
		terminal.write(Buffer.from("last words"));
		expect(await closed).toBe("the serial port went away");
		await port.close();
	});

	it("still passes bytes in both directions until then", async () => {
		const heard: string[] = [];
		let wake: () => void = () => undefined;
		const terminal = await PseudoTerminal.open({
			onData: (bytes) => {
				heard.push(`board ${Buffer.from(bytes).toString()}`);
				terminal.write(Buffer.from("pong"));
			},
		});
		const port = await openSerialStationPort(terminal.path);
		port.onData = (bytes) => {
			heard.push(`station ${Buffer.from(bytes).toString()}`);
			wake();
		};
		for (let count = 0; count < 3; count++) {
			const answered = new Promise<void>((resolve) => (wake = resolve));
			port.write(Buffer.from("ping"));
			await answered;
		}
		expect(heard.filter((text) => text === "station pong")).toHaveLength(3);
		await port.close();
		terminal.close();
	});
});
