// The small ports of the Node host: resolver, link, timer, clock, entropy, crypto, sensor,
// watchdog.
import { NodeClock } from "../../../hosts/node/clock.js";
import { NodeCrypto } from "../../../hosts/node/crypto.js";
import { NodeEntropy } from "../../../hosts/node/entropy.js";
import { Network } from "../../../hosts/node/network.js";
import { NodeNetworkLink } from "../../../hosts/node/network-link.js";
import { DNSResolver } from "../../../hosts/node/resolver.js";
import { SimulatedSensor } from "../../../hosts/support/simulated-sensor.js";
import { NodeSystem } from "../../../hosts/node/system.js";
import { NodeTimer } from "../../../hosts/node/timer.js";
import { NodeWatchdog } from "../../../hosts/node/watchdog.js";
import { WatchdogTimer } from "../../../hosts/node/watchdog-timer.js";
import type { DeviceMessage } from "../../../hosts/node/messages.js";
import { settle, until } from "../../support/socket-log.js";

function ask(resolver: DNSResolver, host: string): string[] {
	const answers: string[] = [];
	resolver.resolve({
		host,
		onResolved: (name, address) => answers.push(`${name} ${address}`),
		onError: (name) => answers.push(`${name} failed`),
	});
	// Never from inside resolve.
	expect(answers).toEqual([]);
	return answers;
}

describe("DNSResolver", () => {
	it("resolves names, and literal addresses to themselves", async () => {
		const resolver = new DNSResolver();
		for (const [host, answer] of [
			["127.0.0.9", "127.0.0.9 127.0.0.9"],
			["::1", "::1 ::1"],
			["localhost", "localhost 127.0.0.1"],
		] as const) {
			const answers = ask(resolver, host);
			await until(() => answers.length > 0);
			expect(answers).toEqual([answer]);
		}
		resolver.close();
	});

	it("fails for a name that nobody can have, and while the network is cut", async () => {
		const network = new Network();
		const resolver = new DNSResolver({ network });
		const impossible = ask(resolver, "no_such_name..invalid");
		await until(() => impossible.length > 0);
		network.cut();
		const cut = ask(resolver, "127.0.0.1");
		await until(() => cut.length > 0);
		expect([impossible, cut]).toEqual([["no_such_name..invalid failed"], ["127.0.0.1 failed"]]);
	});

	it("is silent after close, and takes nothing more", async () => {
		const resolver = new DNSResolver();
		const answers = ask(resolver, "127.0.0.1");
		resolver.close();
		resolver.close();
		await settle();
		expect(answers).toEqual([]);
		expect(() => ask(resolver, "127.0.0.1")).toThrow("closed");
	});

	it("checks its options and bounds its queries", () => {
		const resolver = new DNSResolver();
		const callbacks = { onResolved: () => undefined, onError: () => undefined };
		expect(() => resolver.resolve({ ...callbacks, host: "" })).toThrow("host");
		expect(() => resolver.resolve({ ...callbacks, host: "a", onError: 1 as never })).toThrow(
			"onError",
		);
		for (let count = 0; count < 4; count++) ask(resolver, "127.0.0.1");
		expect(() => ask(resolver, "127.0.0.1")).toThrow("too many");
		resolver.close();
	});
});

describe("NodeNetworkLink", () => {
	it("comes up after start, follows the network, and is silent after stop", async () => {
		const network = new Network();
		const link = new NodeNetworkLink({ network });
		const states: boolean[] = [];
		link.start({}, () => states.push(link.isUp));
		expect(link.isUp).toBe(false);
		await until(() => states.length === 1);
		network.cut();
		await until(() => states.length === 2);
		network.restore();
		await until(() => states.length === 3);
		link.restart();
		await until(() => states.at(-1) === true && states.length > 3);
		link.stop();
		network.cut();
		await settle();
		expect(states.slice(0, 3)).toEqual([true, false, true]);
		expect(link.isUp).toBe(false);
	});
});

describe("NodeTimer", () => {
	it("sets, repeats and clears, never from inside set", async () => {
		const timer = new NodeTimer();
		const calls: string[] = [];
		timer.set(() => calls.push("once"), 0);
		const cleared = timer.set(() => calls.push("never"), 0);
		const repeated = timer.repeat(() => {
			calls.push("again");
			if (calls.filter((call) => call === "again").length === 3) timer.clear(repeated);
		}, 1);
		expect(calls).toEqual([]);
		timer.clear(cleared);
		timer.clear(cleared);
		await settle();
		expect(calls.filter((call) => call === "again")).toHaveLength(3);
		expect(calls.filter((call) => call === "once")).toHaveLength(1);
		expect(calls).not.toContain("never");
	});

	it("does not fire at once for a delay of years", async () => {
		const timer = new NodeTimer();
		let isCalled = false;
		const handle = timer.set(() => (isCalled = true), 1e12);
		await settle();
		expect(isCalled).toBe(false);
		timer.clear(handle);
	});

	it("checks its arguments", () => {
		const timer = new NodeTimer();
		expect(() => timer.set(1 as never, 1)).toThrow("callback");
		expect(() => timer.set(() => undefined, -1)).toThrow("delayMs");
		expect(() => timer.repeat(() => undefined, NaN)).toThrow("delayMs");
		expect(() => timer.clear({})).toThrow("handle");
	});
});

describe("NodeClock", () => {
	it("has no time, the host's, or the host's shifted", () => {
		const host = new NodeClock().wallTime();
		const shifted = new NodeClock({ wall: -1000 }).wallTime();
		const none = new NodeClock({ wall: "none" }).wallTime();
		expect(Math.abs(host.unixSeconds - 1000 - shifted.unixSeconds)).toBeLessThan(3);
		expect([host.quality, shifted.quality, none.quality]).toEqual(["sntp", "sntp", "none"]);
		expect(none.unixSeconds).toBeLessThan(1e6);
		expect(() => new NodeClock({ wall: "later" as never })).toThrow("wall");
		expect(new NodeClock().monotonicMs()).toBeGreaterThan(0);
	});
});

describe("NodeCrypto and NodeEntropy", () => {
	it("hashes, compares and fills", () => {
		const crypto = new NodeCrypto();
		// FIPS 180-4, "abc"
		expect(Buffer.from(crypto.sha256(Buffer.from("abc"))).toString("hex")).toBe(
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		);
		expect(crypto.constantTimeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2).buffer)).toBe(true);
		expect(crypto.constantTimeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
		expect(crypto.constantTimeEqual(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
		const bytes = new Uint8Array(32);
		new NodeEntropy().fill(bytes);
		expect(bytes.some((byte) => byte !== 0)).toBe(true);
		expect(() => new NodeEntropy().fill([] as never)).toThrow(TypeError);
	});
});

describe("SimulatedSensor", () => {
	it("tells the same plausible life for the same seed", () => {
		const [first, same, other] = [7, 7, 8].map((seed) => {
			const sensor = new SimulatedSensor({ seed, unknown: true });
			return Array.from({ length: 2000 }, () => sensor.sample());
		});
		expect(first).toEqual(same);
		expect(first).not.toEqual(other);
		for (const sample of first as NonNullable<typeof first>) {
			expect(Math.abs((sample.thermometer?.temperature as number) - 21.5)).toBeLessThan(10);
			expect(Math.abs((sample.hygrometer?.humidity as number) - 0.5)).toBeLessThanOrEqual(0.5);
		}
	});

	it("checks its seed, and gives nothing after close", () => {
		expect(() => new SimulatedSensor({ seed: -1 })).toThrow("seed");
		expect(() => new SimulatedSensor({ seed: "1" })).toThrow("seed");
		const sensor = new SimulatedSensor({});
		sensor.close();
		sensor.close();
		expect(() => sensor.sample()).toThrow("closed");
	});
});

describe("NodeWatchdog", () => {
	it("tells the board, keeps a short stage, and is silent after close", () => {
		const sent: DeviceMessage[] = [];
		const channel = { send: (message: DeviceMessage) => sent.push(message) };
		const lastReset = { reason: "watchdog", stage: "mqtt" } as const;
		const watchdog = new NodeWatchdog({ channel, lastReset });
		watchdog.start(1000);
		watchdog.feed();
		watchdog.retain("outbox");
		watchdog.retain("outbox");
		expect(() => watchdog.retain("0123456789abcdef")).toThrow("stage");
		expect(() => watchdog.start(0)).toThrow("timeoutMs");
		watchdog.close();
		watchdog.close();
		expect(() => watchdog.feed()).toThrow("closed");
		expect(sent.map(({ kind }) => kind)).toEqual([
			...["watchdog-start", "watchdog-feed", "retain", "watchdog-close"],
		]);
		expect(watchdog.lastReset).toEqual(lastReset);
	});
});

describe("WatchdogTimer", () => {
	it("expires once when it is not fed, and not after stop", async () => {
		let expired = 0;
		const watchdog = new WatchdogTimer(() => expired++);
		watchdog.feed();
		await settle(20);
		expect(expired).toBe(0);
		watchdog.start(5);
		await until(() => expired > 0);
		await settle();
		expect(expired).toBe(1);
		watchdog.start(5);
		watchdog.stop();
		await settle();
		expect(expired).toBe(1);
	});

	it("counts a feed that was waiting while the board itself was busy", async () => {
		let expired = 0;
		const watchdog = new WatchdogTimer(() => expired++);
		watchdog.start(10);
		const feeding = setInterval(() => watchdog.feed(), 1);
		const busyUntil = performance.now() + 50;
		while (performance.now() < busyUntil);
		await settle(20);
		clearInterval(feeding);
		watchdog.stop();
		expect(expired).toBe(0);
	});
});

describe("NodeSystem", () => {
	it("asks the board, and makes no claim of protection", () => {
		const asked: string[] = [];
		const onRestart = () => asked.push("restart");
		const onIdentify = () => asked.push("identify");
		const system = new NodeSystem({ hardwareId: "02ab", buildTime: 5, onRestart, onIdentify });
		system.restart();
		system.identify();
		system.markImageValid();
		expect(asked).toEqual(["restart", "identify"]);
		expect(system.health().freeHeapBytes).toBeGreaterThan(0);
		expect(system.posture()).toMatchObject({ secureBoot: false, flashEncryption: false });
		expect([system.hardwareId, system.buildTime]).toEqual(["02ab", 5]);
	});
});
