import {
	Attempt,
	type SessionEvents,
	type SessionRequest,
} from "../../../src/connection/attempt.js";
import type { ResolveOptions } from "../../../src/ports.js";

interface Overrides {
	readonly onStage?: (stage: string, attempt: Attempt) => void;
	readonly open?: (events: SessionEvents) => void;
}

/** An attempt whose resolver and session do nothing until the test says so. */
function makeAttempt({ onStage, open }: Overrides = {}) {
	const log: string[] = [];
	const ends: [string, string | undefined][] = [];
	const requests: SessionRequest[] = [];
	let asked: ResolveOptions | undefined;
	let events: SessionEvents | undefined;
	class Resolver {
		constructor(options: Record<string, unknown>) {
			log.push(`resolver ${JSON.stringify(options)}`);
		}
		resolve(options: ResolveOptions): void {
			asked = options;
		}
		close(): void {
			log.push("resolver closed");
		}
	}
	const attempt: Attempt = new Attempt({
		server: { host: "broker", port: 8883 },
		resolver: { io: Resolver, hint: 1 },
		deadlineMs: 60_000,
		openSession: (request, given) => {
			requests.push(request);
			events = given;
			open?.(given);
			return { close: () => void log.push("session closed") };
		},
		onStage: (stage) => {
			log.push(stage);
			onStage?.(stage, attempt);
		},
		onEnded: (code, detail) => void ends.push([code, detail]),
	});
	attempt.start();
	const resolver = asked as ResolveOptions;
	const session = (): SessionEvents => events as SessionEvents;
	return { attempt, log, ends, requests, resolver, session };
}

describe("Attempt", () => {
	it("goes from the name over the address to the session", () => {
		const { attempt, log, ends, requests, resolver, session } = makeAttempt();
		expect(resolver.host).toBe("broker");
		expect(attempt.reached).toBe("nothing");
		resolver.onResolved("broker", "192.0.2.7");
		expect(requests).toEqual([
			{ host: "broker", port: 8883, address: "192.0.2.7", deadlineMs: 60_000 },
		]);
		session().onSecured();
		expect(attempt.reached).toBe("secured");
		session().onConnected();
		expect(attempt.reached).toBe("online");
		expect(log).toEqual([
			...['resolver {"hint":1}', "resolver closed", "securing", "joining", "online"],
		]);
		expect(ends).toEqual([]);
	});

	it("fails once when the name is not known, and an answer after that is late", () => {
		const { ends, resolver, requests } = makeAttempt();
		resolver.onError("broker");
		resolver.onError("broker");
		resolver.onResolved("broker", "192.0.2.7");
		expect(ends).toEqual([["dns", undefined]]);
		expect(requests).toEqual([]);
	});

	it("takes the first answer and drops every later one", () => {
		const { ends, resolver, requests } = makeAttempt();
		resolver.onResolved("broker", "192.0.2.7");
		resolver.onResolved("broker", "192.0.2.8");
		resolver.onError("broker");
		expect(requests).toHaveLength(1);
		expect(ends).toEqual([]);
	});

	it("ends once with the session, which closed itself", () => {
		const { attempt, log, ends, resolver, session } = makeAttempt();
		resolver.onResolved("broker", "192.0.2.7");
		session().onClosed("closed-by-peer", "tls-truncated");
		session().onClosed("tcp");
		session().onConnected();
		expect(ends).toEqual([["closed-by-peer", "tls-truncated"]]);
		expect(log).not.toContain("session closed");
		expect(attempt.reached).toBe("nothing");
	});

	it("does not close a session that ended while it was opened", () => {
		const { log, ends, resolver } = makeAttempt({ open: (events) => events.onClosed("tcp") });
		resolver.onResolved("broker", "192.0.2.7");
		expect(ends).toEqual([["tcp", undefined]]);
		expect(log).not.toContain("session closed");
	});

	it("opens no session when it is given up at that moment", () => {
		const { requests, resolver, ends } = makeAttempt({
			onStage: (_stage, attempt) => attempt.close(),
		});
		resolver.onResolved("broker", "192.0.2.7");
		expect(requests).toEqual([]);
		expect(ends).toEqual([]);
	});

	it("closes a session that was still being opened when it was given up", () => {
		const { log, resolver, ends } = makeAttempt({
			open: (events) => events.onSecured(),
			onStage: (stage, attempt) => {
				if (stage === "joining") attempt.close();
			},
		});
		resolver.onResolved("broker", "192.0.2.7");
		expect(log.filter((line) => line === "session closed")).toHaveLength(1);
		expect(ends).toEqual([]);
	});

	it("is silent after it was given up, at any point", () => {
		const early = makeAttempt();
		early.attempt.close();
		early.resolver.onResolved("broker", "192.0.2.7");
		early.resolver.onError("broker");
		expect(early.requests).toEqual([]);

		const late = makeAttempt();
		late.resolver.onResolved("broker", "192.0.2.7");
		late.attempt.close();
		late.attempt.close();
		late.session().onSecured();
		late.session().onClosed("tcp");
		expect(late.log.filter((line) => line === "session closed")).toHaveLength(1);
		expect([...early.ends, ...late.ends]).toEqual([]);
	});

	it("starts once", () => {
		const { attempt } = makeAttempt();
		expect(() => attempt.start()).toThrow("an attempt starts once");
	});
});
