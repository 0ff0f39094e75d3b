// The board of processes: power, watchdog, USB and network, with firmware made for the test.
import { SerialPort } from "serialport";
import { BoardBench, ECHO_FIRMWARE } from "../support/board-bench.js";
import { settle, until } from "../support/socket-log.js";

let bench: BoardBench;

afterEach(() => bench.close());

async function openUSB(path: string): Promise<{ port: SerialPort; text: () => string }> {
	let text = "";
	const port = new SerialPort({ path, baudRate: 115200, autoOpen: false });
	port.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
	await new Promise<void>((resolve, reject) => {
		port.open((error) => (error ? reject(error) : resolve()));
	});
	return { port, text: () => text };
}

async function closeUSB(port: SerialPort): Promise<void> {
	await new Promise<void>((resolve) => port.close(() => resolve()));
}

describe("board", () => {
	it("tells resets apart, and keeps the stage across all but power cuts", async () => {
		bench = new BoardBench({ firmware: ECHO_FIRMWARE });
		const { board } = bench;
		await board.powerOn();
		expect(await bench.see("device-started")).toMatchObject({ reason: "power-on", stage: "" });
		board.provoke("hang");
		expect(await bench.see("device-started", 2)).toMatchObject({
			...{ reason: "watchdog", stage: "echo" },
		});
		board.provoke("restart");
		expect(await bench.see("device-started", 3)).toMatchObject({
			...{ reason: "software", stage: "echo" },
		});
		board.provoke("crash");
		expect(await bench.see("device-started", 4)).toMatchObject({ reason: "abort", stage: "echo" });
		expect((await bench.see("device-aborted")).error).toContain("provoked");
		board.reset();
		expect(await bench.see("device-started", 5)).toMatchObject({
			...{ reason: "external", stage: "echo" },
		});
		await board.powerCut({ offMs: 10 });
		expect(await bench.see("device-started", 6)).toMatchObject({ reason: "power-on", stage: "" });
		board.kill();
		expect(await bench.see("device-started", 7)).toMatchObject({ reason: "power-on", stage: "" });
		expect(bench.all("board-booted").map(({ boot }) => boot)).toEqual([1, 2, 3, 4, 5, 6, 7]);
		await board.powerOff();
		expect(bench.all("device-stopped")).toHaveLength(1);
		expect(bench.all("board-exited").at(-1)).toMatchObject({ reason: "power-off", code: 0 });
		expect(bench.all("device-output")).toEqual([]);
	});

	it("is one USB path through every restart, with the ROM's noise at each boot", async () => {
		bench = new BoardBench({ firmware: ECHO_FIRMWARE });
		const { board } = bench;
		await board.powerOn();
		const path = board.ptyPath;
		await bench.see("device-started");
		const usb = await openUSB(path);
		// Every byte value passes: nothing between is a terminal that interprets.
		const every = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
		usb.port.write(every);
		await until(() => usb.text().includes(every.toString("latin1")));
		await board.powerCut({ offMs: 10 });
		await bench.see("device-started", 2);
		usb.port.write("again");
		await until(() => usb.text().endsWith("again"));
		expect(board.ptyPath).toBe(path);
		// The noise of the first boot was discarded when the port was opened.
		expect(usb.text().split("ESP-ROM")).toHaveLength(2);
		await closeUSB(usb.port);
		const later = await openUSB(path);
		later.port.write("once more");
		await until(() => later.text() === "once more");
		await closeUSB(later.port);
	});

	it("loses what is sent while USB is detached, and goes on afterwards", async () => {
		bench = new BoardBench({ firmware: ECHO_FIRMWARE });
		const { board } = bench;
		await board.powerOn();
		await bench.see("device-started");
		const usb = await openUSB(board.ptyPath);
		board.detachSerial();
		usb.port.write("lost");
		await settle(100);
		board.attachSerial();
		usb.port.write("found");
		await until(() => usb.text().endsWith("found"));
		expect(usb.text()).not.toContain("lost");
		await closeUSB(usb.port);
	});

	it("does not block a device when nobody reads its USB", async () => {
		const firmware = ECHO_FIRMWARE.replace(
			"ports.link.start",
			`let sent = 0;
			ports.timer.repeat(() => {
				try {
					port.write(new Uint8Array(100));
					if (++sent === 500) ports.report({ name: "all-sent" });
				} catch {}
			}, 1);
			ports.link.start`,
		);
		bench = new BoardBench({ firmware });
		await bench.board.powerOn();
		await bench.see("all-sent");
	});

	it("cuts the network for this life and the next, until it is restored", async () => {
		bench = new BoardBench({ firmware: ECHO_FIRMWARE });
		const { board } = bench;
		await board.powerOn();
		expect((await bench.see("link")).isUp).toBe(true);
		board.cutNetwork();
		expect((await bench.see("link", 2)).isUp).toBe(false);
		await board.powerCut({ offMs: 10 });
		expect((await bench.see("link", 3)).isUp).toBe(false);
		board.restoreNetwork();
		expect((await bench.see("link", 4)).isUp).toBe(true);
	});

	it("lets the watchdog bite none that feeds it, and none that never started it", async () => {
		bench = new BoardBench({ firmware: ECHO_FIRMWARE });
		await bench.board.powerOn();
		await bench.see("device-started");
		await settle(1200);
		expect(bench.all("board-booted")).toHaveLength(1);
	});

	it("switches itself off when the firmware cannot be loaded", async () => {
		bench = new BoardBench({ firmware: "export const Device = 1;" });
		await bench.board.powerOn();
		await bench.board.off();
		expect((await bench.see("bundle-not-loaded")).error).toContain("no Device");
		expect(bench.all("board-booted")).toHaveLength(1);
		expect(() => bench.board.ptyPath).toThrow("no power");
	});

	it("restarts a device whose start throws as after an abort, and says why", async () => {
		const firmware = `export class Device {
			constructor({ ports }) { ports.report({ name: "made" }); }
			start() { throw new Error("cannot start"); }
			stop() {}
		}`;
		bench = new BoardBench({ firmware });
		await bench.board.powerOn();
		expect((await bench.see("device-aborted", 2)).error).toContain("cannot start");
		expect((await bench.see("board-booted", 2)).reason).toBe("abort");
	});

	it("gives the same hardware its id for life", async () => {
		const report = `ports.report({ name: "id", id: ports.system.hardwareId });`;
		bench = new BoardBench({
			firmware: ECHO_FIRMWARE.replace("ports.watchdog.start", `${report} ports.watchdog.start`),
		});
		await bench.board.powerOn();
		const { id } = await bench.see("id");
		await bench.board.powerCut({ offMs: 10 });
		expect((await bench.see("id", 2)).id).toBe(id);
		expect(id).toMatch(/^02[0-9a-f]{10}$/);
	});
});
