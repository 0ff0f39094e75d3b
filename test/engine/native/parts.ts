// The smaller classes of the XS host and its modules: timers, resolver, watchdog, entropy, system.
// The program's first argument is a folder for what survives.
import { DNSResolver } from "../../../hosts/linux/dns-resolver.js";
import { LinuxTimer } from "../../../hosts/linux/linux-timer.js";
import { program } from "../../../hosts/linux/program.js";
import { Entropy } from "../../../modules/entropy/entropy.js";
import { System } from "../../../modules/system/system.js";
import { Watchdog } from "../../../modules/watchdog/watchdog.js";
import { settle, until } from "../../support/engine-wait.js";

program.setVariable("HOLDFAST_STATE", program.arguments[0] as string);

const strangers = [{}, undefined, null, 1, "x", [], new LinuxTimer(), Object.create(null)];

function refusesStrangers(prototype: object): void {
	for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
		const method = (property.get ?? property.value) as (this: unknown) => unknown;
		if (name === "constructor") continue;
		for (const receiver of strangers) expect(() => method.call(receiver)).toThrow();
	}
}

describe("native classes", () => {
	it("invalid-receiver: every method refuses strangers, and another class's objects", () => {
		for (const { prototype } of [DNSResolver, Entropy, System, Watchdog]) {
			refusesStrangers(prototype);
		}
		const entropy = new Entropy();
		expect(() => System.prototype.restart.call(entropy as never)).toThrow();
		expect(() => DNSResolver.prototype.close.call(entropy as never)).toThrow();
	});

	it("are constructed with new only, and their names are C functions of ours", () => {
		expect(() => (Entropy as never as () => void)()).toThrow(TypeError);
		const natives = globalThis as unknown as Record<string, (name?: string) => unknown>;
		expect(() => natives.native?.("system")).toThrow("no such function");
		expect(() => natives.native?.("xs_nothing")).toThrow("no such function");
		expect(() => natives.Native?.()).toThrow(TypeError);
	});

	it("can be extended: fields, accessors and instanceof work as of any class", () => {
		class Named extends Entropy {
			readonly #name: string;
			constructor(name: string) {
				super();
				this.#name = name;
			}
			get name(): string {
				return this.#name;
			}
		}
		const named = new Named("x");
		const bytes = new Uint8Array(8);
		named.fill(bytes);
		expect([named.name, named instanceof Entropy, named instanceof Named]).toEqual([
			"x",
			true,
			true,
		]);
	});
});

describe("LinuxTimer", () => {
	const timer = new LinuxTimer();

	it("calls back once, in the order of time, and never from inside set", async () => {
		const calls: number[] = [];
		timer.set(() => calls.push(3), 30);
		timer.set(() => calls.push(1), 0);
		timer.set(() => calls.push(2), 10);
		expect(calls).toEqual([]);
		await settle(60);
		expect(calls).toEqual([1, 2, 3]);
	});

	it("repeats until it is cleared, also from inside its callback, and clears twice", async () => {
		let calls = 0;
		const handle = timer.repeat(() => {
			if (++calls === 3) timer.clear(handle);
		}, 1);
		await until(() => calls === 3);
		await settle();
		timer.clear(handle);
		expect(calls).toBe(3);
	});

	it("refuses what is no callback, no duration and no handle", () => {
		expect(() => timer.set(undefined as never, 1)).toThrow(TypeError);
		for (const wrong of [-1, NaN, Infinity]) {
			expect(() => timer.set(() => undefined, wrong)).toThrow(RangeError);
		}
		expect(() => timer.clear({})).toThrow(TypeError);
	});

	it("bounds the number of timers", () => {
		const handles: (object | number)[] = [];
		expect(() => {
			for (let count = 0; count < 2000; count++) {
				handles.push(timer.set(() => undefined, 1e9));
			}
		}).toThrow(RangeError);
		for (const handle of handles) timer.clear(handle);
	});

	it("keeps its callback alive through collections", async () => {
		let isCalled = false;
		timer.set(() => {
			isCalled = true;
		}, 10);
		for (let count = 0; count < 5; count++) program.memory({ isCollecting: true });
		await until(() => isCalled);
	});
});

describe("DNSResolver", () => {
	function ask(resolver: DNSResolver, host: string): Promise<string> {
		return new Promise((done) => {
			resolver.resolve({
				host,
				onResolved: (name, address) => done(`${name} ${address}`),
				onError: (name) => done(`${name} failed`),
			});
		});
	}

	it("gives a literal address back, and knows localhost", async () => {
		const resolver = new DNSResolver();
		expect(await ask(resolver, "192.0.2.1")).toBe("192.0.2.1 192.0.2.1");
		expect(await ask(resolver, "::1")).toBe("::1 ::1");
		expect(await ask(resolver, "localhost")).toBe("localhost 127.0.0.1");
		resolver.close();
	});

	it("fails for a name that nobody has", async () => {
		const resolver = new DNSResolver({});
		expect(await ask(resolver, "-.invalid")).toBe("-.invalid failed");
		resolver.close();
	});

	it("keeps the loop turning meanwhile, and calls nothing back after close", async () => {
		const resolver = new DNSResolver();
		const answers: string[] = [];
		void ask(resolver, "name.invalid").then((answer) => answers.push(answer));
		void ask(resolver, "192.0.2.1").then((answer) => answers.push(answer));
		resolver.close();
		resolver.close();
		await settle(100);
		expect(answers).toEqual([]);
		expect(() => resolver.resolve({} as never)).toThrow();
	});

	it("refuses a fifth question, and wrong options by name", () => {
		const resolver = new DNSResolver();
		const nothing = () => undefined;
		const question = { host: "192.0.2.1", onResolved: nothing, onError: nothing };
		for (let count = 0; count < 4; count++) resolver.resolve(question);
		expect(() => resolver.resolve(question)).toThrow(RangeError);
		for (const wrong of [{ host: "" }, { host: 1 }, { host: "x".repeat(300) }]) {
			expect(() => resolver.resolve({ ...question, ...wrong } as never)).toThrow("host");
		}
		expect(() => resolver.resolve({ ...question, onError: 1 } as never)).toThrow("onError");
		resolver.close();
	});
});

describe("Watchdog", () => {
	it("is one: a second waits until the first is closed", () => {
		const first = new Watchdog();
		expect(() => new Watchdog()).toThrow("in use");
		expect(first.lastReset).toEqual({ reason: "power-on", stage: "" });
		first.close();
		first.close();
		expect(() => first.feed()).toThrow();
		expect(() => first.lastReset).toThrow();
		new Watchdog().close();
	});

	it("refuses what is no duration and no stage of at most 15 characters", () => {
		const watchdog = new Watchdog();
		for (const wrong of [0, -1, NaN, Infinity, 1e12]) {
			expect(() => watchdog.start(wrong)).toThrow(RangeError);
		}
		expect(() => watchdog.retain("1234567890123456")).toThrow(RangeError);
		expect(() => watchdog.retain(5 as never)).toThrow(TypeError);
		watchdog.retain("123456789012345");
		watchdog.close();
	});

	it("leaves a program alone that feeds it, and one that closed it", async () => {
		const watchdog = new Watchdog();
		watchdog.start(500);
		for (let count = 0; count < 10; count++) {
			await settle(20);
			watchdog.feed();
		}
		watchdog.close();
		await settle(600);
	});
});

describe("Entropy", () => {
	it("fills all bytes of a view and none beside it", () => {
		const bytes = new Uint8Array(1000);
		new Entropy().fill(bytes.subarray(10, 990));
		expect([...bytes.subarray(0, 10), ...bytes.subarray(990)]).toEqual(new Array(20).fill(0));
		expect(new Set(bytes).size).toBeGreaterThan(200);
		expect(() => new Entropy().fill(5 as never)).toThrow();
	});
});

describe("System", () => {
	const system = new System();

	it("has a hardware id that stays, and says what it is not", () => {
		expect(system.hardwareId).toMatch(/^02[0-9a-f]{10}$/);
		expect(system.hardwareId).toBe(new System().hardwareId);
		expect(system.posture().secureBoot).toBe(false);
		expect(system.buildTime).toBeGreaterThan(1_700_000_000);
		expect(system.health().freeHeapBytes).toBeGreaterThanOrEqual(0);
		system.markImageValid();
	});
});
