// The ports of the board over the SDK's classes: the same conduct that every host owes.

import type { NetworkLink, Resolver, Sensor, Socket, TCPOptions } from "../../../src/ports.js";
import type { Clock, LinkSettings, SensorSample, Timer } from "../../../src/ports.js";
import { FakeInterface, FakeTCP, FakeTimer, FakeTMP117 } from "../../support/sdk-modules.js";
import { fakeNet, fakeTime, loadBoardFile } from "../../support/sdk-modules.js";

describe("TCPSocket of the board", () => {
	let TCPSocket: new (options: TCPOptions) => Socket;
	let heard: string[];
	let socket: Socket;
	let below: FakeTCP;

	beforeEach(async () => {
		({ TCPSocket } = await loadBoardFile<{ TCPSocket: typeof TCPSocket }>("tcp-socket"));
		heard = [];
		socket = new TCPSocket({
			address: "192.0.2.1",
			port: 8883,
			noDelay: true,
			onReadable: (byteLength) => heard.push(`readable ${byteLength}`),
			onWritable: (byteLength) => heard.push(`writable ${byteLength}`),
			onError: () => heard.push("error"),
		});
		below = FakeTCP.made.at(-1) as FakeTCP;
	});

	it("hands on address, port and noDelay in the SDK's words", () => {
		const { address, port, nodelay, format } = below.options;
		expect({ address, port, nodelay, format }).toEqual({
			address: "192.0.2.1",
			port: 8883,
			nodelay: true,
			format: "buffer",
		});
	});

	it("reads what there is, and undefined where there is nothing", () => {
		expect(socket.read()).toBe(undefined);
		below.received = Uint8Array.of(1, 2, 3);
		expect(socket.read(0)).toBe(undefined);
		expect(new Uint8Array(socket.read(2) as ArrayBuffer)).toEqual(Uint8Array.of(1, 2));
		expect(new Uint8Array(socket.read() as ArrayBuffer)).toEqual(Uint8Array.of(3));
	});

	it("writes all or throws, and says what room is left", () => {
		expect(socket.write(new Uint8Array(60))).toBe(40);
		expect(() => socket.write(new Uint8Array(41))).toThrow();
		expect(below.written).toHaveLength(1);
	});

	it("has no room once the peer is gone, and leaves the telling to onError", () => {
		below.isGone = true;
		expect(socket.write(new Uint8Array(1))).toBe(0);
	});

	it("tells of one error, and of no room after it", () => {
		below.options.onError();
		below.options.onError();
		below.options.onWritable(100);
		below.options.onReadable(3);
		expect(heard).toEqual(["error", "readable 3"]);
	});

	it("hears nothing after close, closes twice, and does nothing else then", () => {
		socket.close();
		socket.close();
		below.options.onReadable(1);
		below.options.onWritable(1);
		below.options.onError();
		expect(heard).toEqual([]);
		expect(below.isClosed).toBe(true);
		expect(() => socket.read()).toThrow();
		expect(() => socket.write(new Uint8Array(1))).toThrow();
	});

	it("does without callbacks", () => {
		new TCPSocket({ address: "192.0.2.1", port: 1 });
		const { onReadable, onWritable, onError } = (FakeTCP.made.at(-1) as FakeTCP).options;
		onReadable(1);
		onWritable(1);
		onError();
	});

	it("refuses a name in place of an address, as the SDK does", () => {
		expect(() => new TCPSocket({ address: "broker.example", port: 1 })).toThrow();
	});
});

describe("SimulatorResolver", () => {
	let resolver: Resolver;
	let heard: string[];
	const ask = (host: string) =>
		resolver.resolve({
			host,
			onResolved: (name, address) => heard.push(`${name} ${address}`),
			onError: (name) => heard.push(`${name} failed`),
		});

	beforeEach(async () => {
		type Module = { SimulatorResolver: new () => Resolver };
		const { SimulatorResolver } = await loadBoardFile<Module>("simulator-resolver");
		resolver = new SimulatorResolver();
		heard = [];
		fakeNet.asked.length = 0;
		FakeTimer.waiting = [];
	});

	it("asks in a turn of its own, and tells what came", () => {
		ask("broker.example");
		expect(fakeNet.asked).toHaveLength(0);
		FakeTimer.turn();
		expect(fakeNet.asked[0]?.host).toBe("broker.example");
		fakeNet.asked[0]?.answer("broker.example", "192.0.2.1");
		expect(heard).toEqual(["broker.example 192.0.2.1"]);
	});

	it("fails where there is no address", () => {
		ask("nowhere.example");
		FakeTimer.turn();
		fakeNet.asked[0]?.answer("nowhere.example", undefined);
		expect(heard).toEqual(["nowhere.example failed"]);
	});

	it("gives a literal address back without asking anybody", () => {
		ask("192.0.2.7");
		expect(heard).toEqual([]);
		FakeTimer.turn();
		expect(heard).toEqual(["192.0.2.7 192.0.2.7"]);
		expect(fakeNet.asked).toHaveLength(0);
	});

	it("drops answers after close, and asks nothing more", () => {
		ask("broker.example");
		FakeTimer.turn();
		ask("later.example");
		resolver.close();
		FakeTimer.turn();
		fakeNet.asked[0]?.answer("broker.example", "192.0.2.1");
		expect(heard).toEqual([]);
		expect(fakeNet.asked).toHaveLength(1);
		expect(() => ask("broker.example")).toThrow();
	});

	it("refuses what is no name", () => {
		expect(() => ask("")).toThrow(RangeError);
		expect(() => ask("a".repeat(255))).toThrow(RangeError);
		expect(() => resolver.resolve({} as never)).toThrow(TypeError);
	});
});

for (const [file, name] of [
	["station-link", "StationLink"],
	["wire-link", "WireLink"],
] as const) {
	describe(`${name} of the board`, () => {
		let link: NetworkLink;
		let started: number;

		beforeEach(async () => {
			type Made = Record<string, new (options: { onStarted: () => void }) => NetworkLink>;
			const module = await loadBoardFile<Made>(file);
			started = 0;
			link = new (module[name] as Made[string])({ onStarted: () => started++ });
			FakeInterface.mistake = undefined;
			FakeInterface.made.length = 0;
		});

		it("starts once, wipes the password, and tells that the interface is there", () => {
			const password = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
			link.start({ ssid: "greenhouse", password }, () => undefined);
			expect(password).toEqual(new Uint8Array(8));
			expect(started).toBe(1);
			expect(() => link.start({}, () => undefined)).toThrow();
			expect(FakeInterface.made).toHaveLength(1);
		});

		it("is up when the interface is", () => {
			expect(link.isUp).toBe(false);
			let changes = 0;
			link.start({}, () => changes++);
			const [made] = FakeInterface.made as [FakeInterface];
			expect(link.isUp).toBe(false);
			made.isUp = true;
			made.onChanged();
			expect(changes).toBe(1);
			expect(link.isUp).toBe(true);
			link.restart();
			expect(made.restarts).toBe(1);
			link.stop();
			link.stop();
			expect(made.isClosed).toBe(true);
			expect(link.isUp).toBe(false);
			expect(() => link.restart()).toThrow();
		});

		it("refuses to start without a callback", () => {
			expect(() => link.start({}, undefined as never)).toThrow(TypeError);
		});
	});
}

describe("StationLink of the board", () => {
	async function start(settings: LinkSettings): Promise<FakeInterface> {
		const { StationLink } = await loadBoardFile<{
			StationLink: new (options: { onStarted: () => void }) => NetworkLink;
		}>("station-link");
		FakeInterface.made.length = 0;
		new StationLink({ onStarted: () => undefined }).start(settings, () => undefined);
		return FakeInterface.made[0] as FakeInterface;
	}

	it("joins with WPA2 at least with a password, and openly without one", async () => {
		const password = Uint8Array.of(49, 50, 51, 52, 53, 54, 55, 56);
		const closed = await start({ ssid: "greenhouse", password: password.slice() });
		const joined = { ssid: "greenhouse", password, security: "WPA2", isProtectionRequired: false };
		expect(closed.joined).toEqual([joined]);
		const open = await start({ ssid: "greenhouse" });
		expect(open.joined).toEqual([{ ssid: "greenhouse", password: undefined, security: "open" }]);
		expect((await start({})).joined).toEqual([]);
	});

	it("joins as its settings demand: WPA3 with protected management frames, or WPA2", async () => {
		const ssid = "greenhouse";
		const password = Uint8Array.of(49, 50, 51, 52, 53, 54, 55, 56);
		const strict = await start({ ssid, password: password.slice(), security: "wpa3" });
		expect(strict.joined).toEqual([
			{ ssid, password, security: "WPA3", isProtectionRequired: true },
		]);
		const usual = await start({ ssid, password: password.slice(), security: "wpa2" });
		expect(usual.joined).toEqual([
			{ ssid, password, security: "WPA2", isProtectionRequired: false },
		]);
	});

	it("joins nothing openly where security is demanded", async () => {
		await expect(start({ ssid: "greenhouse", security: "wpa3" })).rejects.toThrow("password");
		expect(FakeInterface.made[0]?.joined).toEqual([]);
	});

	it("wipes the password also where the radio refuses", async () => {
		FakeInterface.mistake = new RangeError("ssid: too long");
		const password = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
		await expect(start({ ssid: "greenhouse", password })).rejects.toThrow("ssid");
		expect(password).toEqual(new Uint8Array(8));
		FakeInterface.mistake = undefined;
	});
});

describe("TMP117Sensor", () => {
	let TMP117Sensor: new (options: Record<string, unknown>) => Sensor;

	beforeEach(async () => {
		({ TMP117Sensor } = await loadBoardFile<{ TMP117Sensor: typeof TMP117Sensor }>(
			"tmp117-sensor",
		));
		FakeTMP117.problem = undefined;
	});

	const sampleAt = (temperature: number): SensorSample | undefined => {
		FakeTMP117.temperature = temperature;
		return new TMP117Sensor({ data: 5, clock: 6 }).sample();
	};

	it("gives what the driver measured, as ECMA-419 has it", () => {
		expect(sampleAt(21.5)).toEqual({ thermometer: { temperature: 21.5 } });
		expect(FakeTMP117.options?.sensor).toMatchObject({ data: 5, clock: 6, address: 0x48 });
	});

	it("gives nothing before the first measurement, which the driver takes for 256 degrees", () => {
		expect(sampleAt(256)).toBe(undefined);
		expect(sampleAt(-55.1)).toBe(undefined);
	});

	it("throws where no sensor answers, or another one, and for options that are none", () => {
		FakeTMP117.problem = "unexpected sensor";
		expect(() => new TMP117Sensor({ data: 5, clock: 6 })).toThrow("TMP117");
		expect(() => new TMP117Sensor({ data: "5", clock: 6 })).toThrow(TypeError);
		expect(() => new TMP117Sensor({ data: 5 })).toThrow(TypeError);
	});
});

describe("BoardTimer", () => {
	it("calls back without the SDK's own arguments, and clears", async () => {
		const { BoardTimer } = await loadBoardFile<{ BoardTimer: new () => Timer }>("board-timer");
		const timer = new BoardTimer();
		const heard: unknown[][] = [];
		FakeTimer.waiting = [];
		timer.set((...values: unknown[]) => heard.push(values), 5);
		const cleared = timer.repeat(() => heard.push(["cleared"]), 5);
		timer.clear(cleared);
		timer.clear(cleared);
		FakeTimer.turn();
		expect(heard).toEqual([[]]);
	});
});

describe("SimulatorClock", () => {
	it("never runs backwards, not where the SDK's ticks wrap", async () => {
		const { SimulatorClock } = await loadBoardFile<{ SimulatorClock: new () => Clock }>(
			"simulator-clock",
		);
		fakeTime.ticks = 0x7ffffff0;
		const clock = new SimulatorClock();
		const start = clock.monotonicMs();
		fakeTime.ticks = (fakeTime.ticks + 0x20) | 0;
		expect(clock.monotonicMs() - start).toBe(0x20);
		fakeTime.ticks -= 5;
		expect(clock.monotonicMs() - start).toBe(0x20);
		fakeTime.ticks += 6;
		expect(clock.monotonicMs() - start).toBe(0x21);
	});
});

describe("an abort of the engine", () => {
	it("is retained in words of at most 15 characters, before it is told", async () => {
		type Tell = (message: string, exception: unknown) => void;
		const { watchAbort } = await loadBoardFile<{
			watchAbort: (watchdog: { retain(stage: string): void }, tell: Tell) => void;
		}>("abort");
		const heard: string[] = [];
		watchAbort({ retain: (stage) => heard.push(stage) }, (message) => heard.push(message));
		const { abort } = globalThis as unknown as { abort: (message: string) => boolean };
		const messages = ["unhandled exception", "unhandled rejection", "dead strip", "fatal"];
		for (const message of [...messages, "not enough keys"]) {
			heard.length = 0;
			expect(abort(message)).toBe(true);
			expect(heard[0]).toMatch(/^abort[:a-z]{0,10}$/);
			expect(heard[1]).toBe(message);
		}
		heard.length = 0;
		expect(abort("memory full")).toBe(true);
		expect(heard).toEqual(["abort:memory"]);
		delete (globalThis as { abort?: unknown }).abort;
	});
});
