import { MQTT_IN_FLIGHT_MAX, MQTT_REQUESTS_MAX } from "../../../src/limits.js";
import { encodeSession } from "../../../src/mqtt/session-blob.js";
import { Session, type SessionStore } from "../../../src/mqtt/session.js";
import { MemoryStore } from "../../support/memory-store.js";

function storeWith(bytes: Uint8Array): SessionStore {
	return { load: () => bytes, save: () => undefined };
}

function statesOf(session: Session): readonly string[] {
	return session.inFlight().map(({ state }) => state);
}

describe("Session, packet ids", () => {
	// [MQTT-2.3.1-1]
	it("wraps past 65535 to 1", () => {
		const session = new Session({ firstPacketId: 65534 });
		const ids = [
			session.begin(1, 1),
			session.begin(2, 1),
			session.begin(3, 1),
			session.begin(4, 1),
		];
		expect(ids).toEqual([65534, 65535, 1, 2]);
	});

	// [MQTT-2.3.1-2]
	it("skips ids in use after the wrap, those of requests included", () => {
		const outbound = [65535, 1].map((packetId) => {
			return { packetId, state: "offered" as const, token: packetId };
		});
		const store = storeWith(encodeSession({ outbound, inbound: [3], broker: 0 }));
		const session = new Session({ store, firstPacketId: 65533 });
		const ids = [session.begin(1, 1), session.begin(2, 2)];
		ids.push(session.request("subscribing", ["a"]), session.request("unsubscribing", ["a"]));
		expect(ids).toEqual([65533, 65534, 2, 3]); // the broker's id 3 is another one
		const again = new Session({ firstPacketId: 65535 });
		again.request("subscribing", ["a"]);
		for (let id = 1; id < 65535; id++) {
			again.begin(id, 1);
			again.onAnswer("PUBACK", id);
		}
		expect(again.begin(0, 1)).toBe(1);
	});

	it("does not use an id again at once", () => {
		const session = new Session({});
		session.begin(1, 1);
		session.onAnswer("PUBACK", 1);
		expect(session.begin(2, 1)).toBe(2);
	});

	it("keeps ids that a reboot has brought back out of use", () => {
		let stored: Uint8Array | undefined;
		const store: SessionStore = { load: () => stored, save: (bytes) => void (stored = bytes) };
		new Session({ store }).begin(9, 2);
		const session = new Session({ store });
		expect(session.origin).toBe("restored");
		expect(session.holds(9)).toBe(true);
		expect(session.begin(10, 1)).toBe(2);
	});
});

describe("Session, brokers", () => {
	function kept(): { store: SessionStore; saves: number } {
		let stored: Uint8Array | undefined;
		const found = {
			saves: 0,
			store: {
				load: () => stored,
				save(bytes: Uint8Array) {
					found.saves++;
					stored = bytes;
				},
			},
		};
		return found;
	}

	it("are asked for a clean session where the ids belong to another one", () => {
		const { store } = kept();
		const session = new Session({ store });
		expect(session.meet(1)).toEqual({ clean: true }); // who knows what it remembers
		session.restart();
		session.begin(9, 2);
		expect(session.meet(1)).toEqual({ clean: false });
		expect(session.meet(2)).toEqual({ clean: true });
		session.restart();
		expect(session.meet(1)).toEqual({ clean: true });
		expect(session.holds(9)).toBe(true);
	});

	it("keep their session while another one cannot be reached, and over a reboot", () => {
		const { store } = kept();
		const session = new Session({ store });
		session.meet(1);
		session.restart();
		session.meet(2); // no CONNACK follows
		expect(session.meet(1)).toEqual({ clean: false });
		session.resume();
		expect(new Session({ store }).meet(1)).toEqual({ clean: false });
		expect(new Session({ store }).meet(2)).toEqual({ clean: true });
	});

	it("cost a write when they change, and none when they do not", () => {
		const storage = kept();
		const session = new Session({ store: storage.store });
		session.meet(1);
		session.restart();
		session.meet(1);
		session.restart();
		session.meet(1);
		session.resume();
		expect(storage.saves).toBe(1);
	});

	it("all keep their sessions where no id of QoS 2 is ever used", () => {
		const session = new Session({});
		for (const broker of [1, 2, 1]) {
			expect(session.meet(broker)).toEqual({ clean: false });
			session.restart();
		}
	});
});

describe("Session, limits", () => {
	it("asserts that in-flight messages and requests are bounded", () => {
		const session = new Session({});
		for (let token = 0; token < MQTT_IN_FLIGHT_MAX; token++) session.begin(token, 1);
		expect(session.inFlightFree).toBe(0);
		expect(() => session.begin(99, 1)).toThrow("bounded");
		for (let count = 0; count < MQTT_REQUESTS_MAX; count++) session.request("subscribing", ["a"]);
		expect(session.requestsFree).toBe(0);
		expect(() => session.request("unsubscribing", ["a"])).toThrow("bounded");
	});

	it("has one client at a time", () => {
		const session = new Session({});
		session.attach();
		expect(() => session.attach()).toThrow("one client");
		session.detach();
		session.attach();
	});
});

describe("Session, the store", () => {
	it("says what it found there", () => {
		expect(new Session({}).origin).toBe("new");
		expect(new Session({ store: { load: () => undefined, save: () => undefined } }).origin).toBe(
			"new",
		);
		expect(new Session({ store: storeWith(Uint8Array.of(1, 2, 3)) }).origin).toBe("corrupt");
	});

	it("is written for QoS 2 alone: flash has few writes", () => {
		let writes = 0;
		const session = new Session({ store: { load: () => undefined, save: () => void writes++ } });
		session.begin(1, 1);
		session.onAnswer("PUBACK", 1);
		session.restart();
		expect(writes).toBe(0);
		session.begin(2, 2);
		session.onAnswer("PUBREC", 2);
		session.onAnswer("PUBREC", 2); // nothing new
		session.onAnswer("PUBCOMP", 2);
		expect(writes).toBe(3);
		session.onInbound("PUBLISH", 7);
		expect(writes).toBe(3);
		session.onInbound("acknowledge", 7);
		session.onInbound("PUBREL", 7);
		session.onInbound("PUBREL", 7);
		expect(writes).toBe(5);
	});

	it("is not written for an inbound message that was refused, nor after a reconnect", () => {
		let writes = 0;
		const session = new Session({ store: { load: () => undefined, save: () => void writes++ } });
		session.onInbound("PUBLISH", 7);
		session.onInbound("discard", 7);
		expect(session.snapshot().inbound).toEqual([]);
		session.detach();
		const again = session.onInbound("PUBLISH", 7); // it is answered, and not delivered
		expect(again).toEqual({ kind: "step", effect: "receive" });
		session.restart();
		session.onInbound("PUBLISH", 8);
		session.onInbound("discard", 8);
		session.onInbound("PUBREL", 8);
		expect(writes).toBe(0);
	});
});

describe("Session, a message that has its PUBREC", () => {
	const BROKER = 1;

	function released(store: MemoryStore): Session {
		const session = new Session({ store });
		session.onAnswer("PUBREC", session.begin(7, 2));
		return session;
	}

	/** In a session that both ends know to be kept. */
	function releasedInKept(): Session {
		const session = new Session({ store: new MemoryStore() });
		for (let connection = 0; connection < 2; connection++) {
			session.meet(BROKER);
			session.restart();
		}
		session.onAnswer("PUBREC", session.begin(7, 2));
		return session;
	}

	it("is ended by PUBREL and left to its owner after a session that nobody knows of", () => {
		const store = new MemoryStore();
		released(store);
		// 1. The broker threw it away with a clean session. 2. CONNECT began another one. 3. Power
		// failed before its CONNACK was dealt with. 4. That session is present.
		const session = new Session({ store });
		session.meet(BROKER);
		expect(statesOf(session)).toEqual(["forgotten"]);
		expect(session.holds(7)).toBe(false);
		expect(statesOf(new Session({ store }))).toEqual(["forgotten"]);
	});

	it("stays the broker's over a connection to a session that is known to be kept", () => {
		const session = releasedInKept();
		session.meet(BROKER);
		expect(statesOf(session)).toEqual(["released"]);
		session.resume();
		expect(session.holds(7)).toBe(true);
	});

	it("is left to its owner when the broker ended the connection, for a rival perhaps", () => {
		const session = releasedInKept();
		session.endedByPeer();
		session.meet(BROKER);
		expect(statesOf(session)).toEqual(["forgotten"]);
		expect(session.holds(7)).toBe(false);
	});

	it("is left to its owner when a CONNECT was not answered, or began clean", () => {
		for (const attempts of [1, 2]) {
			const session = new Session({ store: new MemoryStore() });
			for (let attempt = 0; attempt < attempts; attempt++) session.meet(BROKER);
			if (attempts === 1) session.restart();
			session.onAnswer("PUBREC", session.begin(7, 2));
			session.meet(BROKER);
			expect(statesOf(session)).toEqual(["forgotten"]);
		}
	});
});

describe("Session, a store that cannot be written", () => {
	it("lets no QoS 2 message go, and asks for a clean session until it can", () => {
		const store = new MemoryStore();
		const session = new Session({ store });
		session.meet(1);
		session.restart();
		expect(session.meet(1).clean).toBe(false);
		session.resume();
		store.isWorn = true;
		const packetId = session.begin(7, 2);
		expect(session.maySend).toBe(false);
		session.abandon(packetId);
		expect(session.holds(7)).toBe(false);
		// The broker forgets the ids of a clean session, and so nothing has to be remembered.
		expect(session.meet(1).clean).toBe(true);
		session.restart();
		session.begin(7, 2);
		expect(session.maySend).toBe(true);
		store.isWorn = false;
		session.begin(8, 2);
		expect(session.meet(1).clean).toBe(false);
	});
});
