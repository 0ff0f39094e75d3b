// The board's DNS over UDP: whom it asks, whom it believes, and when it gives up.

import type { Resolver } from "../../../src/ports.js";
import { fakeNet, FakeTimer, FakeUDP, loadBoardFile } from "../../support/sdk-modules.js";

const [FIRST, SECOND] = fakeNet.servers as [string, string];

describe("DNSClient", () => {
	let resolver: Resolver;
	let heard: string[];
	const ask = (host: string) =>
		resolver.resolve({
			host,
			onResolved: (name, address) => heard.push(`${name} ${address}`),
			onError: (name) => heard.push(`${name} failed`),
		});
	const socket = () => FakeUDP.made.at(-1) as FakeUDP;
	/** The answer to what was asked last: one address, or an error code. */
	const answer = (code = 0): Uint8Array => {
		const asked = (socket().sent.at(-1) as { bytes: Uint8Array }).bytes;
		const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9];
		const bytes = Uint8Array.from([...asked, ...(code === 0 ? record : [])]);
		bytes[2] = 0x81;
		bytes[3] = 0x80 | code;
		bytes[7] = code === 0 ? 1 : 0;
		return bytes;
	};

	beforeEach(async () => {
		const { DNSClient } = await loadBoardFile<{ DNSClient: new () => Resolver }>("dns-client");
		resolver = new DNSClient();
		heard = [];
		FakeTimer.waiting = [];
		FakeUDP.made.length = 0;
		FakeUDP.mistake = undefined;
		fakeNet.servers = [FIRST, SECOND];
	});

	it("asks the first server in a turn of its own, and lets go once it has an answer", () => {
		ask("broker.example");
		expect(FakeUDP.made).toHaveLength(0);
		FakeTimer.turn();
		expect(socket().sent.map(({ address, port }) => `${address}:${port}`)).toEqual([`${FIRST}:53`]);
		socket().arrive(answer(), FIRST);
		expect(heard).toEqual(["broker.example 203.0.113.9"]);
		expect(socket().isClosed).toBe(true);
		expect(FakeTimer.waiting).toEqual([]);
	});

	it("believes nobody else, no other port, and no other question", () => {
		ask("broker.example");
		FakeTimer.turn();
		socket().arrive(answer(), SECOND);
		socket().arrive(answer(), FIRST, 5353);
		const other = answer();
		other[0] = 0;
		socket().arrive(other, FIRST);
		socket().arrive(new Uint8Array(0), FIRST);
		expect(heard).toEqual([]);
		socket().arrive(answer(), FIRST);
		expect(heard).toHaveLength(1);
	});

	it("asks the servers in turn while none answers, and then gives up", () => {
		ask("broker.example");
		for (let turn = 0; turn < 6; turn++) FakeTimer.turn();
		const asked = socket().sent.map(({ address }) => address);
		expect(asked).toEqual([FIRST, SECOND, FIRST, SECOND, FIRST, SECOND]);
		expect(heard).toEqual([]);
		FakeTimer.turn();
		expect(heard).toEqual(["broker.example failed"]);
		expect(socket().isClosed).toBe(true);
		expect(FakeTimer.waiting).toEqual([]);
	});

	it("asks the next server at once where one cannot say", () => {
		ask("broker.example");
		FakeTimer.turn();
		socket().arrive(answer(2), FIRST);
		expect(socket().sent.at(-1)?.address).toBe(SECOND);
		expect(FakeTimer.waiting).toHaveLength(1);
		socket().arrive(answer(), SECOND);
		expect(heard).toEqual(["broker.example 203.0.113.9"]);
	});

	it("gives up at once where the name does not exist", () => {
		ask("nowhere.example");
		FakeTimer.turn();
		socket().arrive(answer(3), FIRST);
		expect(heard).toEqual(["nowhere.example failed"]);
	});

	it("goes on where there is no way to a server", () => {
		FakeUDP.mistake = new Error("UDP send failed");
		ask("broker.example");
		FakeTimer.turn();
		FakeUDP.mistake = undefined;
		FakeTimer.turn();
		socket().arrive(answer(), SECOND);
		expect(heard).toEqual(["broker.example 203.0.113.9"]);
	});

	it("fails without a name server, and for what is no name", () => {
		fakeNet.servers = [];
		ask("broker.example");
		ask("a..b");
		expect(heard).toEqual([]);
		FakeTimer.turn();
		expect(heard).toEqual(["broker.example failed", "a..b failed"]);
		expect(FakeUDP.made).toHaveLength(0);
	});

	it("gives a literal address back without asking anybody", () => {
		ask("192.0.2.7");
		FakeTimer.turn();
		expect(heard).toEqual(["192.0.2.7 192.0.2.7"]);
		expect(FakeUDP.made).toHaveLength(0);
	});

	it("is silent after close, and holds nothing", () => {
		ask("broker.example");
		FakeTimer.turn();
		ask("later.example");
		resolver.close();
		resolver.close();
		expect(socket().isClosed).toBe(true);
		expect(FakeTimer.waiting).toEqual([]);
		socket().arrive(answer(), FIRST);
		expect(heard).toEqual([]);
		expect(() => ask("broker.example")).toThrow();
	});

	it("asks several names at a time, each on a socket of its own", () => {
		ask("one.example");
		ask("two.example");
		FakeTimer.turn();
		expect(FakeUDP.made).toHaveLength(2);
		socket().arrive(answer(), FIRST);
		expect(heard).toEqual(["two.example 203.0.113.9"]);
	});

	it("refuses what is no question", () => {
		expect(() => ask("")).toThrow(RangeError);
		expect(() => resolver.resolve({} as never)).toThrow(TypeError);
		expect(() => resolver.resolve({ host: "a" } as never)).toThrow(TypeError);
	});
});
