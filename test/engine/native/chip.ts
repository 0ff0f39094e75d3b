// The checklist of what only the chip has: Wi-Fi, Ethernet, its clocks, and what the other modules
// do there beside what they do on Linux. Runs on XS over the chip of test/engine/chip/board.c,
// whose time goes twenty times faster.
import { program } from "../../../hosts/linux/program.js";
import { Clock } from "../../../modules/clock/clock.js";
import { Entropy } from "../../../modules/entropy/entropy.js";
import { Ethernet } from "../../../modules/ethernet/ethernet.js";
import { nvs } from "../../../modules/nvs/nvs.js";
import { System } from "../../../modules/system/system.js";
import { USBSerial } from "../../../modules/usb-serial/usb-serial.js";
import { Watchdog } from "../../../modules/watchdog/watchdog.js";
import { WiFi, type WiFiNetwork } from "../../../modules/wifi/wifi.js";
import { POSTURE_FACTS } from "../../../src/posture-facts.js";
import { settle, until } from "../../support/engine-wait.js";
import { latin1 } from "../../support/latin1.js";

program.setVariable("HOLDFAST_STATE", program.arguments[0] as string);

type Native = (name: string) => (this: void, ...values: unknown[]) => unknown;
const native = (globalThis as unknown as { native: Native }).native;

/** What the chip's surroundings do from now on. */
function set(what: string, number: number): void {
	native("xs_board_set")(what, number);
}

/** What the modules did to the chip. */
function see(): Record<string, number> & { ssid: ArrayBuffer; password: ArrayBuffer } {
	return native("xs_board_see")() as never;
}

function comeUp(): void {
	set("associated", 1);
	set("address", 10);
	set("gateway", 1);
}

function textOf(buffer: ArrayBuffer): string {
	return String.fromCharCode(...new Uint8Array(buffer)).replace(/\0+$/, "");
}

const NETWORK: Omit<WiFiNetwork, "password"> = { ssid: "fieldé" };
const password = () => latin1("correct horse");
const strangers = [{}, undefined, null, 1, "x", [], new Entropy(), Object.create(null)];

function refusesStrangers(prototype: object): void {
	for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
		const method = (property.get ?? property.value) as (this: unknown) => unknown;
		if (name === "constructor") continue;
		for (const receiver of strangers) expect(() => method.call(receiver)).toThrow();
	}
}

describe("WiFi", () => {
	let wifi: WiFi;
	let changes: boolean[];
	beforeEach(() => {
		for (const what of ["associated", "address", "gateway", "out of memory"]) set(what, 0);
		changes = [];
		wifi = new WiFi({ onChanged: () => void changes.push(wifi.isUp) });
	});
	afterEach(() => wifi.close());

	it("constructor, constructor-invalid, and one at a time", () => {
		expect(() => new WiFi({})).toThrow("in use");
		wifi.close();
		for (const options of [undefined, null, 1, "x"]) {
			expect(() => new WiFi(options as never)).toThrow(TypeError);
		}
		expect(() => new WiFi({ onChanged: 1 } as never)).toThrow("onChanged");
		new WiFi(Object.freeze({ other: 1 }) as never).close();
		expect(() => (WiFi as never as () => void)()).toThrow(TypeError);
	});

	it("close-twice, use-after-close, invalid-receiver", () => {
		wifi.close();
		wifi.close();
		expect(() => wifi.isUp).toThrow();
		expect(() => wifi.restart()).toThrow();
		expect(() => wifi.join({ ...NETWORK, password: password() })).toThrow();
		refusesStrangers(WiFi.prototype);
	});

	it("refuses a wrong network by name, and touches nothing", () => {
		const good = { ssid: "field", password: password() };
		const before = see();
		for (const ssid of [undefined, null, 1, "", "é".repeat(17), {}]) {
			expect(() => wifi.join({ ...good, ssid } as never)).toThrow("ssid");
		}
		for (const security of [null, 1, "WPA", "wpa2", "", "WPA2-Enterprise"]) {
			expect(() => wifi.join({ ...good, security } as never)).toThrow("security");
		}
		for (const wrong of [null, 1, "password", {}, new Uint8Array(7), new Uint8Array(65)]) {
			expect(() => wifi.join({ ...good, password: wrong } as never)).toThrow("password");
		}
		expect(() => wifi.join({ ssid: "field" })).toThrow("password");
		expect(() => wifi.join({ ...good, security: "open" })).toThrow("password");
		expect(() => (wifi.join as () => void)()).toThrow();
		expect(see().starts).toBe(before.starts);
		expect(textOf(good.password.buffer as ArrayBuffer)).toBe("correct horse");
	});

	it("goes on without memory for the driver until there is some", async () => {
		expect(see().inits).toBe(0);
		set("out of memory", 1);
		wifi.join({ ...NETWORK, password: password() });
		await until(() => wifi.failure === 0x101);
		set("out of memory", 0);
		await until(() => see().isStarted === 1);
		expect(textOf(see().password)).toBe("correct horse");
	});

	it("hands the driver what was asked for, keeps it in RAM, and wipes the password", async () => {
		const secret = new Uint8Array(20).fill(65);
		wifi.join({ ...NETWORK, password: secret.subarray(2, 15) });
		expect([...secret]).toEqual([65, 65, ...new Array(13).fill(0), 65, 65, 65, 65, 65]);
		await until(() => see().isStarted === 1);
		const { ssid, password: given, ...rest } = see();
		expect(textOf(ssid)).toBe("field\u00c3\u00a9");
		expect(textOf(given)).toBe("A".repeat(13));
		// WPA2 at least, able to protect management frames, both methods of SAE, no sleep.
		const { authmode, isProtected, saeMethod, isKept, isSaving } = rest;
		expect([authmode, isProtected, saeMethod, isKept, isSaving]).toEqual([3, 1, 3, 0, 0]);
	});

	it("can demand WPA3, protected management frames, and a key of 64 digits", async () => {
		wifi.join({ ...NETWORK, password: latin1("0123456789abcdef".repeat(4)), security: "WPA3" });
		await until(() => see().isStarted === 1);
		expect([see().authmode, see().isProtected]).toEqual([6, 3]);
		expect(textOf(see().password)).toHaveLength(64);
		wifi.join({ ...NETWORK, password: password(), isProtectionRequired: true });
		await until(() => see().isStarted === 1);
		expect([see().authmode, see().isProtected]).toEqual([3, 3]);
		wifi.join({ ...NETWORK, security: "open" });
		await until(() => see().isStarted === 1);
		expect([see().authmode, textOf(see().password)]).toEqual([0, ""]);
	});

	it("is up with an address and a gateway, and tells of it from the loop", async () => {
		wifi.join({ ...NETWORK, password: password() });
		await until(() => see().isStarted === 1);
		set("associated", 1);
		expect(wifi.isUp).toBe(false);
		set("address", 10);
		expect(wifi.isUp).toBe(false);
		set("gateway", 1);
		expect([wifi.isUp, changes]).toEqual([true, []]);
		await until(() => changes.length > 0);
		// The lease ends, the association stays.
		set("address", 0);
		expect(wifi.isUp).toBe(false);
		await until(() => changes.length > 1);
		expect(changes).toEqual([true, false]);
	});

	it("knows its signal while it is associated", async () => {
		expect(wifi.rssi).toBeUndefined();
		wifi.join({ ...NETWORK, password: password() });
		await until(() => see().isStarted === 1);
		set("signal", 61);
		comeUp();
		expect(wifi.rssi).toBe(-61);
	});

	it("joins again after a refusal, and says why it was refused", async () => {
		expect(wifi.failure).toBe(0);
		wifi.join({ ...NETWORK, password: password() });
		const { connects } = see();
		await until(() => see().connects === (connects as number) + 1);
		set("refused", 15);
		await until(() => see().connects === (connects as number) + 2);
		set("refused", 201);
		await until(() => see().connects === (connects as number) + 3);
		expect(wifi.failure).toBe(201);
	});

	it("restarts the radio, and joins the same network", async () => {
		wifi.restart();
		expect(see().isStarted).toBe(0);
		wifi.join({ ...NETWORK, password: password() });
		await until(() => see().isStarted === 1);
		comeUp();
		await until(() => changes.length > 0);
		const { starts, connects } = see();
		wifi.restart();
		expect([wifi.isUp, see().isStarted]).toEqual([false, 0]);
		await until(() => see().connects === (connects as number) + 1);
		expect([see().starts, textOf(see().password)]).toEqual([
			(starts as number) + 1,
			"correct horse",
		]);
	});

	it("leaves without a trace of the password, and feeds the generator again", async () => {
		wifi.join({ ...NETWORK, password: password() });
		await until(() => see().isStarted === 1);
		expect(see().isConverterOn).toBe(0);
		wifi.leave();
		expect([see().isStarted, see().isConverterOn]).toEqual([0, 1]);
		expect(textOf(see().password) + textOf(see().ssid)).toBe("");
		const { connects } = see();
		await settle(100);
		expect(see().connects).toBe(connects);
	});

	it("callback-not-in-constructor, no-callback-after-close, also inside a callback", async () => {
		wifi.close();
		let calls = 0;
		const closing: WiFi = new WiFi({
			onChanged: () => {
				calls++;
				closing.close();
			},
		});
		closing.join({ ...NETWORK, password: password() });
		await until(() => see().isStarted === 1);
		comeUp();
		await until(() => calls > 0);
		program.memory({ isCollecting: true });
		wifi = new WiFi({ onChanged: () => void calls++ });
		wifi.close();
		await settle(100);
		expect(calls).toBe(1);
	});
});

describe("Ethernet", () => {
	it("constructor, constructor-invalid, close-twice, use-after-close, invalid-receiver", () => {
		for (const options of [undefined, null, 1, "x"]) {
			expect(() => new Ethernet(options as never)).toThrow(TypeError);
		}
		expect(() => new Ethernet({ onChanged: null } as never)).toThrow("onChanged");
		const wire = new Ethernet({});
		expect(() => new Ethernet({})).toThrow("in use");
		wire.restart();
		expect(see().wireStarts).toBe(0);
		wire.close();
		wire.close();
		expect(() => wire.join()).toThrow();
		expect(() => wire.isUp).toThrow();
		refusesStrangers(Ethernet.prototype);
	});

	it("is up with an address and a gateway, and tells of it until it is closed", async () => {
		for (const what of ["address", "gateway"]) set(what, 0);
		const changes: boolean[] = [];
		const wire = new Ethernet({ onChanged: () => void changes.push(wire.isUp) });
		wire.join();
		wire.join();
		expect([see().wireStarts, wire.isUp]).toEqual([1, false]);
		comeUp();
		expect([wire.isUp, changes]).toEqual([true, []]);
		await until(() => changes.length === 1);
		set("gateway", 0);
		await until(() => changes.length === 2);
		set("gateway", 1);
		await until(() => changes.length === 3);
		wire.restart();
		expect(see().wireStarts).toBe(2);
		wire.leave();
		expect([wire.isUp, see().isWireStarted]).toEqual([false, 0]);
		wire.close();
		await settle(100);
		expect(changes).toEqual([true, false, true]);
	});
});

describe("Clock", () => {
	it("constructor, close-twice, use-after-close, invalid-receiver", () => {
		const clock = new Clock();
		expect(() => new Clock()).toThrow("in use");
		clock.close();
		clock.close();
		expect(() => clock.monotonicMs()).toThrow();
		expect(() => clock.wallTime()).toThrow();
		refusesStrangers(Clock.prototype);
	});

	it("refuses servers that nobody could ask", () => {
		const clock = new Clock();
		for (const servers of [undefined, null, "a.example", {}, [1], [""], ["x".repeat(128)], []]) {
			expect(() => clock.synchronize(servers as never)).toThrow("servers");
		}
		expect(() => clock.synchronize(["a", "b", "c", "d", "e"])).toThrow("servers");
		expect(see().asked).toBe(0);
		clock.close();
	});

	it("has no wall time before a server has answered, and asks others when told to", async () => {
		const clock = new Clock();
		expect(clock.wallTime()).toEqual({ unixSeconds: 0, quality: "none" });
		clock.synchronize(["a.example"]);
		clock.synchronize(["a.example", "b.example", "c.example", "192.0.2.1"]);
		expect([see().servers, see().asked]).toEqual([4, 2]);
		const start = clock.monotonicMs();
		set("time arrived", 1);
		const { unixSeconds, quality } = clock.wallTime();
		expect([quality, unixSeconds > 1_700_000_000]).toEqual(["sntp", true]);
		await settle(50);
		expect(clock.monotonicMs()).toBeGreaterThan(start);
		clock.close();
		expect(see().servers).toBe(0);
	});
});

describe("the other modules on the chip", () => {
	it("have a watchdog that resets in earnest, and lets go when it is closed", () => {
		const watchdog = new Watchdog();
		watchdog.start(60_000);
		watchdog.start(30_000);
		const { watchdogResets } = see();
		watchdog.feed();
		expect(see().watchdogResets).toBe((watchdogResets as number) + 1);
		expect([see().watchdogUsers, see().isWatchdogPanicking]).toEqual([1, 1]);
		watchdog.close();
		expect(see().watchdogUsers).toBe(0);
	});

	it("tell what the chip says of its own safety", () => {
		const system = new System();
		const { host, ...facts } = system.posture();
		expect([host, Object.keys(facts).sort()]).toEqual([
			"esp32c3",
			Object.keys(POSTURE_FACTS).sort(),
		]);
		const { downloadMode, debugPort, secureBoot, watchdog, rollback } = facts;
		expect([downloadMode, debugPort, secureBoot]).toEqual([false, true, false]);
		expect([watchdog, rollback]).toEqual([true, true]);
		// Known once the partition is open.
		expect(facts.storageEncryption).toBe(false);
		nvs.open({ path: "hf-test", format: "buffer" }).close();
		expect(system.posture().storageEncryption).toBe(true);
		expect(system.health()).toEqual({
			freeHeapBytes: 100_000,
			largestFreeBlockBytes: 50_000,
			minimumFreeHeapBytes: 25_000,
		});
		expect([system.hardwareId, system.buildTime]).toEqual(["02005e10af01", 1_773_705_600]);
		system.markImageValid();
	});

	it("lose what nobody fetches from the serial line, and have room again", async () => {
		let told = 0;
		const port = new USBSerial({ onWritable: () => void told++ });
		await until(() => told > 0);
		set("unplugged", 1);
		port.write(new Uint8Array(128));
		expect(() => port.write(new Uint8Array(1))).toThrow(RangeError);
		await until(() => told > 1);
		set("unplugged", 0);
		port.write(latin1("abc"));
		await until(() => told > 2);
		expect(textOf(port.read() as ArrayBuffer)).toBe("ABC");
		port.close();
	});
});
