// Stand-ins for the SDK's modules and for native ones that no computer has, under their specifiers:
// hosts/esp32 is loaded over them. They do what the real ones were seen or read to do, the odd
// things included, and record what they are asked.

import { jest } from "@jest/globals";

/** What the SDK's TCP class is given. */
interface TCPDictionary {
	address: string;
	port: number;
	nodelay: boolean;
	format: string;
	onReadable: (byteLength: number) => void;
	onWritable: (byteLength: number) => void;
	onError: () => void;
}

/** The SDK's TCP, whose peer is the test. */
export class FakeTCP {
	static readonly made: FakeTCP[] = [];
	readonly options: TCPDictionary;
	readonly written: Uint8Array[] = [];
	received = new Uint8Array(0);
	room = 100;
	isClosed = false;
	/** The peer has gone: writes are swallowed. */
	isGone = false;

	constructor(options: TCPDictionary) {
		if (options.address.split(".").length !== 4) throw new Error("invalid address");
		this.options = options;
		FakeTCP.made.push(this);
	}

	read(byteLength?: number): ArrayBuffer | undefined {
		if (this.received.length === 0) return undefined;
		const count = byteLength ?? this.received.length;
		if (count <= 0 || count > this.received.length) throw new Error("invalid");
		const bytes = this.received.slice(0, count);
		this.received = this.received.slice(count);
		return bytes.buffer;
	}

	write(bytes: Uint8Array): number | undefined {
		if (this.isGone) return undefined;
		if (bytes.byteLength > this.room) throw new Error("would block");
		this.written.push(bytes);
		return (this.room -= bytes.byteLength);
	}

	close(): void {
		this.isClosed = true;
	}
}

/** The SDK's timer, which runs when the test says. */
export class FakeTimer {
	static waiting: { callback: (id: object) => void; delayMs: number }[] = [];

	static set(callback: (id: object) => void, delayMs: number): object {
		const entry = { callback, delayMs };
		FakeTimer.waiting.push(entry);
		return entry;
	}

	static repeat(callback: (id: object) => void, delayMs: number): object {
		return FakeTimer.set(callback, delayMs);
	}

	static clear(id: object): void {
		FakeTimer.waiting = FakeTimer.waiting.filter((entry) => entry !== id);
	}

	/** One turn of the loop. */
	static turn(): void {
		const due = FakeTimer.waiting;
		FakeTimer.waiting = [];
		for (const entry of due) entry.callback(entry);
	}
}

/** The SDK's UDP: what is sent is kept, what arrives comes from the test. */
export class FakeUDP {
	static readonly made: FakeUDP[] = [];
	/** What `write` throws. */
	static mistake: Error | undefined;
	readonly sent: { bytes: Uint8Array; address: string; port: number }[] = [];
	readonly #arrived: (ArrayBuffer & { address: string; port: number })[] = [];
	readonly #onReadable: (packets: number) => void;
	isClosed = false;

	constructor(options: { onReadable: (packets: number) => void }) {
		this.#onReadable = options.onReadable;
		FakeUDP.made.push(this);
	}

	write(bytes: ArrayBuffer, address: string, port: number): void {
		if (FakeUDP.mistake) throw FakeUDP.mistake;
		this.sent.push({ bytes: new Uint8Array(bytes), address, port });
	}

	read() {
		return this.#arrived.shift();
	}

	close(): void {
		this.isClosed = true;
	}

	/** A packet from the network, noticed at once. */
	arrive(bytes: Uint8Array, address: string, port = 53): void {
		this.#arrived.push(Object.assign(bytes.slice().buffer, { address, port }));
		if (!this.isClosed) this.#onReadable(1);
	}
}

/** The SDK's resolver: questions wait for the test's answer. */
export const fakeNet = {
	servers: ["192.0.2.53", "198.51.100.53"],
	get: () => fakeNet.servers,
	asked: [] as { host: string; answer: (host: string, address?: string) => void }[],
	resolve(host: string, answer: (host: string, address?: string) => void): void {
		fakeNet.asked.push({ host, answer });
	},
};

/** The SDK's ticks: 32 bits with a sign. */
export const fakeTime = {
	ticks: 0,
	delta: (start: number, end: number) => (end - start) | 0,
};

/** The radio or the wire, as modules/wifi and modules/ethernet have them. */
export class FakeInterface {
	static readonly made: FakeInterface[] = [];
	readonly onChanged: () => void;
	readonly joined: Record<string, unknown>[] = [];
	isUp = false;
	rssi: number | undefined;
	restarts = 0;
	isClosed = false;
	/** What `join` throws. */
	static mistake: Error | undefined;

	constructor(options: { onChanged: () => void }) {
		this.onChanged = options.onChanged;
		FakeInterface.made.push(this);
	}

	join(network: { ssid: string; password?: Uint8Array; security: string }): void {
		if (FakeInterface.mistake) throw FakeInterface.mistake;
		this.joined.push({ ...network, password: network?.password?.slice() });
	}

	restart(): void {
		this.restarts++;
	}

	close(): void {
		this.isClosed = true;
	}
}

/** The SDK's driver of the TMP117 on a bus that the test breaks. */
export class FakeTMP117 {
	static temperature = 20;
	static problem: string | undefined;
	static options: { sensor: Record<string, unknown> } | undefined;

	constructor(options: { sensor: Record<string, unknown>; onError: (problem: string) => void }) {
		FakeTMP117.options = options;
		if (FakeTMP117.problem !== undefined) options.onError(FakeTMP117.problem);
	}

	sample() {
		return { temperature: FakeTMP117.temperature, alert: 0 };
	}

	close(): void {}
}

const MODULES: Readonly<Record<string, Record<string, unknown>>> = {
	"embedded:io/smbus": { default: class SMBus {} },
	"embedded:io/socket/tcp": { default: FakeTCP },
	"embedded:io/socket/udp": { default: FakeUDP },
	"embedded:sensor/Temperature/TMP117": { default: FakeTMP117 },
	"holdfast/entropy": {
		Entropy: class {
			fill = (bytes: Uint8Array) => bytes.fill(0xab);
		},
	},
	"holdfast/ethernet": { Ethernet: FakeInterface },
	"holdfast/wifi": { WiFi: FakeInterface },
	net: { default: fakeNet },
	time: { default: fakeTime },
	timer: { default: FakeTimer },
};

/** A file of hosts/esp32, loaded over the stand-ins. */
export async function loadBoardFile<Module>(name: string): Promise<Module> {
	for (const [specifier, exported] of Object.entries(MODULES)) {
		jest.unstable_mockModule(specifier, () => exported, { virtual: true });
	}
	// No literal: the compiler for Node has no types for the SDK's modules.
	const path = `../../hosts/esp32/${name}.js`;
	return (await import(path)) as Module;
}
