// Complaints of the field about clocks, certificates and secrets, each as a life that must go well:
// 8, 9, 21, 22, 25 and 26.

import { WORLD_AUTHORITY } from "../../hosts/simulator/board-configuration.js";
import { authorityDER } from "../../hosts/simulator/tls-certificate.js";
import { TLSTickets, type TLSServerSettings } from "../../hosts/simulator/tls-server.js";
import { Secret } from "../../src/bytes/secret.js";
import { decodeUTF8, encodeUTF8 } from "../../src/bytes/text.js";
import { accessOf, FieldBench, HOUR, MINUTE, SECOND } from "../support/field-bench.js";

const DAY_S = 86_400;
const YEAR_S = 365 * DAY_S;

describe("complaint 8: no clock, and so no dates, or no connection", () => {
	it("a certificate that expired before the image was built is refused all the same", () => {
		const bench = new FieldBench();
		bench.board.clock.isSNTPBlocked = true;
		const { startUnixSeconds } = bench.world;
		bench.serve({ certificate: bench.certificate({ notAfter: startUnixSeconds - 2 * DAY_S }) });
		bench.board.powerOn();
		bench.run(HOUR);
		expect(new Set(bench.failures)).toEqual(new Set(["tls-expired"]));
		expect(bench.broker.counters.connections).toBe(0);
	});

	it("ours connects by the best floor that it has, and believes no command", () => {
		const bench = new FieldBench();
		bench.board.clock.isSNTPBlocked = true;
		bench.board.powerOn();
		bench.until(() => bench.isOnline, MINUTE);
		bench.run(SECOND);
		bench.send(bench.operator.command(bench.board.name, { name: "identify" }));
		bench.run(SECOND);
		expect(bench.named("command-refused")[0]?.["reason"]).toBe("time-untrusted");
		bench.board.clock.isSNTPBlocked = false;
		bench.run(2 * MINUTE);
		bench.send(bench.operator.command(bench.board.name, { name: "identify" }));
		bench.run(SECOND);
		expect(bench.board.identified).toBe(1);
		expect(bench.problems()).toEqual([]);
	});

	for (const years of [10, -10]) {
		it(`one that is told to be ${years} years off recovers when it hears the truth`, () => {
			const bench = new FieldBench();
			bench.board.clock.lieSeconds = years * YEAR_S;
			bench.board.powerOn();
			bench.run(2 * HOUR);
			bench.board.powerCut();
			bench.board.powerOn();
			bench.run(HOUR);
			bench.board.clock.heal();
			bench.until(() => bench.isOnline, 2 * HOUR);
			bench.run(HOUR); // SNTP was asked again
			bench.send(bench.operator.command(bench.board.name, { name: "identify" }));
			bench.run(MINUTE);
			expect(bench.board.identified).toBe(1);
			expect(bench.problems()).toEqual([]);
		});
	}
});

describe("complaint 9: an authority, certificate or pin that expires and bricks a fleet", () => {
	it("the next authority is trusted already", () => {
		const bench = FieldBench.settled({
			configuration: { authorities: [authorityDER(WORLD_AUTHORITY), authorityDER("next")] },
		});
		bench.serve({ certificate: bench.certificate({ authority: "next" }) });
		bench.broker.kick();
		bench.run(MINUTE);
		expect(bench.isOnline).toBe(true);
		expect(bench.problems()).toEqual([]);
	});

	it("the next key is pinned already", () => {
		const pins = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
		const bench = new FieldBench({ configuration: { pins } });
		bench.board.powerOn();
		for (const keyPin of pins) {
			bench.serve({ certificate: bench.certificate({ keyPin }) });
			bench.broker.kick();
			bench.run(2 * MINUTE);
			expect(bench.isOnline).toBe(true);
		}
		bench.serve({ certificate: bench.certificate({ keyPin: new Uint8Array(32).fill(3) }) });
		bench.broker.kick();
		bench.run(2 * MINUTE);
		expect(bench.isOnline).toBe(false);
		expect(bench.failures).toContain("tls-pin");
	});

	it("from new credentials that do not work it returns to those that did, by itself", () => {
		const bench = FieldBench.settled();
		const { board } = bench;
		board.powerCut();
		bench.reinstall({ authorities: [authorityDER("misspelt")] });
		board.powerOn();
		bench.run(MINUTE);
		expect(bench.isOnline).toBe(false);
		bench.until(() => bench.isOnline, HOUR);
		expect(bench.failures.filter((failure) => failure === "tls-authority").length).toBeLessThan(10);
		bench.run(2 * MINUTE);
		board.powerCut();
		board.powerOn();
		bench.until(() => bench.isOnline, MINUTE);
		expect(bench.problems()).toEqual([]);
	});
});

describe("complaint 21: a token that expires under a session", () => {
	it("is renewed before, by a planned reconnect", () => {
		const bench: FieldBench = new FieldBench({
			configuration: {
				authentication: { kind: "token", audience: "fleet", user: "", lifetimeS: 600 },
			},
			access: (client, { password }) => {
				const expiresAt = expiryOf(password);
				const leftS = expiresAt - bench.world.unixSeconds;
				if (leftS <= 0) return 5;
				const here = bench.broker;
				bench.world.clock.schedule(() => {
					const present = here.client(client);
					if (expiryOf(present?.connectPacket?.password) <= bench.world.unixSeconds) {
						present?.end("kicked");
					}
				}, leftS * SECOND);
				return accessOf(client);
			},
		});
		bench.board.powerOn();
		bench.until(() => bench.isOnline, 5 * MINUTE);
		bench.mark();
		bench.run(6 * HOUR);
		expect(bench.failures).toEqual([]);
		expect(bench.named("reconnect-planned").length).toBeGreaterThan(30);
		expect(bench.problems()).toEqual([]);
	});
});

// Of whole hosts and tools: test/integration/provisioning.test.ts and start.test.ts.
describe("complaint 22: secrets in logs", () => {
	it("are in no report, message, byte on the wire or unit of flash", () => {
		const secrets = ["hush-hush-wifi", "hush-hush-broker"];
		const [wifi, password] = secrets.map((secret) => new Secret(encodeUTF8(secret)));
		const bench = new FieldBench({
			configuration: {
				link: { ssid: "hall", password: wifi as Secret },
				authentication: { kind: "password", user: "sensor", password: password as Secret },
			},
		});
		const wire: Uint8Array[] = [];
		bench.world.network.observe((_connection, bytes) => void wire.push(bytes.slice()));
		bench.board.powerOn();
		bench.run(10 * MINUTE);
		for (const connackCode of [4, 5]) {
			bench.broker.faults.connackCode = connackCode;
			bench.broker.kick();
			bench.run(10 * MINUTE);
		}
		bench.broker.heal();
		bench.broker.hostile("connack-code-9");
		bench.board.powerCut();
		bench.board.powerOn();
		bench.run(10 * MINUTE);
		bench.broker.heal();
		bench.send(bench.operator.command(bench.board.name, { name: "report" }));
		bench.until(() => bench.isOnline, 10 * MINUTE);
		bench.run(MINUTE);
		const told = JSON.stringify(bench.reports);
		const bytes = [
			...wire,
			...bench.published.map(({ payload }) => payload),
			bench.board.outboxChip.image(),
			bench.board.logChip.image(),
		];
		for (const secret of secrets) {
			expect(told).not.toContain(secret);
			const wanted = encodeUTF8(secret);
			expect(bytes.filter((some) => Buffer.from(some).includes(Buffer.from(wanted)))).toEqual([]);
		}
		expect(bench.receiver.of(bench.board.name).results).toHaveLength(1);
	});
});

// With real TLS: test/attack/tls.test.ts; with mbedTLS: test/engine/tls-session.
describe("complaint 25: verification that is quietly off", () => {
	const impostors: readonly [string, string, (bench: FieldBench) => Partial<TLSServerSettings>][] =
		[
			[
				"an unknown authority",
				"tls-authority",
				(b) => ({ certificate: b.certificate({ authority: "x" }) }),
			],
			[
				"another's name",
				"tls-host-name",
				(b) => ({ certificate: b.certificate({ names: ["x.example"] }) }),
			],
			[
				"an expired certificate",
				"tls-expired",
				(b) => ({ certificate: b.certificate({ notAfter: 1 }) }),
			],
			[
				"one of the future",
				"tls-not-yet-valid",
				(b) => ({ certificate: b.certificate({ notBefore: 4e9, notAfter: 5e9 }) }),
			],
			[
				"another key",
				"tls-pin",
				(b) => ({ certificate: b.certificate({ keyPin: new Uint8Array(32) }) }),
			],
			["TLS 1.1", "tls-version", () => ({ version: "1.1" })],
		];
	for (const [name, failure, settings] of impostors) {
		it(`is on: a broker with ${name} hears nothing of ours, ever`, () => {
			const bench = FieldBench.settled({
				configuration: { pins: [new Uint8Array(32).fill(0xb0)] },
			});
			bench.serve(settings(bench));
			const { connections } = bench.broker.counters;
			bench.broker.kick();
			bench.run(3 * HOUR);
			expect(bench.broker.counters.connections).toBe(connections);
			expect(bench.failures).toContain(failure);
			expect(bench.board.boots()).toBe(1);
			bench.serve({ certificate: bench.certificate(), version: "1.2" });
			bench.until(() => bench.isOnline, 10 * MINUTE);
			expect(bench.problems()).toEqual([]);
		});
	}
});

describe("complaint 26: a full handshake at every connection", () => {
	it("is a resumption, until the broker has forgotten", () => {
		const bench = FieldBench.settled();
		const tickets = bench.tls[0]?.tickets as TLSTickets;
		for (let count = 0; count < 10; count++) {
			bench.broker.kick();
			bench.run(2 * MINUTE);
		}
		expect({ full: tickets.full, resumed: tickets.resumed }).toEqual({ full: 1, resumed: 10 });
		const fresh = new TLSTickets();
		bench.serve({ tickets: fresh });
		for (let count = 0; count < 2; count++) {
			bench.broker.kick();
			bench.run(2 * MINUTE);
		}
		expect({ full: fresh.full, resumed: fresh.resumed }).toEqual({ full: 1, resumed: 1 });
		expect(bench.problems()).toEqual([]);
	});
});

/** `exp` of a token; 0 where there is none. */
function expiryOf(password: Uint8Array | undefined): number {
	const [, claims = ""] = (decodeUTF8(password ?? new Uint8Array(0)) ?? "").split(".");
	if (claims === "") return 0;
	const { exp } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { exp: number };
	return exp;
}
