// One planted bug for each complaint of the field that a device can have: a patch of one named
// function of the bundle, the lives in which it must show, and the promise that it must break.

import type { LivesRequest } from "./lives.js";

/** A class and its method, or a function alone. */
type Where = string;

export interface PlantedBug {
	/** What users of other stacks suffer, and what was planted. */
	readonly name: string;
	readonly where: Where;
	/** Text of the function that goes, and what comes; or a statement before all others. */
	readonly patch: { readonly find: string; readonly replace: string } | { readonly begin: string };
	/** The checkers of which one must speak. */
	readonly caughtBy: readonly string[];
	readonly lives: Omit<LivesRequest, "first" | "last">;
}

const storm = { profile: "storm", days: 0.5 } as const;

export const PLANTED_BUGS: readonly PlantedBug[] = Object.freeze<PlantedBug[]>([
	{
		name: "1: a full outbox drops without a record of it",
		where: "Uplink._makeRoom",
		patch: {
			begin: `for (const { first, last } of victims)
				for (let sequence = first; sequence <= last; sequence++)
					if (this.#options.outbox.read(sequence)) this.#options.outbox.remove(sequence);
				return undefined;`,
		},
		caughtBy: ["nothing-lost"],
		lives: { profile: "outage", days: 1, changes: { devices: 1, outboxBlocks: 8 } },
	},
	{
		name: "2: a heap in pieces keeps TLS away for ever",
		where: "Recovery._isRebootDue",
		patch: { begin: "return false;" },
		caughtBy: ["reboots-when-needed"],
		lives: { profile: "heap", days: 1, changes: { devices: 1 } },
	},
	{
		name: "3: a name that is never resolved is waited for without a deadline",
		where: "Supervisor._enter",
		patch: {
			find: "this._arm(Math.max(0, deadlineMs), onDeadline);",
			replace: `if (state !== "resolving") this._arm(Math.max(0, deadlineMs), onDeadline);
				else deadlineMs = 3_500_000;`,
		},
		caughtBy: ["watchdog-with-cause", "link-back"],
		lives: { profile: "network", days: 0.5, changes: { devices: 1 } },
	},
	{
		name: "4: the backoff begins anew with every CONNACK",
		where: "Supervisor._online",
		patch: { begin: "this.#recovery.stable();" },
		caughtBy: ["attempts-bounded"],
		lives: { profile: "broker", days: 0.5, changes: { devices: 1 } },
	},
	{
		name: "5: a backoff without jitter makes a herd",
		where: "backoffDelayMs",
		patch: { begin: "random = 0.999;" },
		caughtBy: ["attempts-spread"],
		lives: { profile: "outage", days: 1, changes: { devices: 3, brokers: 1 } },
	},
	{
		name: "6: a client id that is used twice has no name",
		where: "Recovery._endedOnline",
		patch: { begin: "return found;" },
		caughtBy: ["rival-named"],
		lives: { profile: "attack", days: 0.5, changes: { devices: 1, authentication: "certificate" } },
	},
	{
		name: "7: waiting for the network looks like a hang to the watchdog",
		where: "Supervisor._enter",
		patch: { find: "this.#task?.wait(this._nowMs() + deadlineMs);", replace: "" },
		caughtBy: ["watchdog-with-cause"],
		lives: { ...storm, days: 0.2 },
	},
	{
		name: "8: dates of certificates are not judged",
		where: "TimeTrust.judging",
		patch: { begin: "return { unixSeconds: 0, isLowerBound: true };" },
		caughtBy: ["peers-judged"],
		lives: { profile: "tls", days: 0.5, changes: { devices: 1 } },
	},
	{
		name: "9: a configuration that does not connect stays",
		where: "Device._failed",
		patch: { begin: "return;" },
		caughtBy: ["link-back"],
		lives: { profile: "operator", days: 0.25, changes: { devices: 1 } },
	},
	{
		name: "10: a link without an answer is believed to live",
		where: "MQTTClient._onDue",
		patch: { begin: 'if (name === "ping-response" || name === "acknowledge") return;' },
		caughtBy: ["dead-link-noticed", "link-back", "nothing-lost"],
		lives: { profile: "network", days: 0.5, changes: { devices: 1, keepAliveS: 300 } },
	},
	{
		name: "11: the keep-alive is kept too late",
		where: "KeepAlive._intervalMs",
		patch: { begin: "return this.#keepAliveMs * 1.7;" },
		caughtBy: ["keep-alive-kept"],
		lives: {
			profile: "calm",
			days: 0.5,
			changes: { devices: 1, keepAliveS: 60, sampleIntervalMs: 1_800_000 },
		},
	},
	{
		name: "12: a handshake that trickles has no deadline as a whole",
		where: "Supervisor._begin",
		patch: { find: "connectMs;", replace: "connectMs * 60;" },
		caughtBy: ["link-back"],
		lives: { profile: "tls", days: 0.5, changes: { devices: 1, keepAliveS: 30 } },
	},
	{
		name: "13: an interface that lost its address is never restarted",
		where: "RecoverySteps._perform",
		patch: { find: "link.restart();", replace: "" },
		caughtBy: ["link-back"],
		lives: { profile: "network", days: 0.5, changes: { devices: 1 } },
	},
	{
		name: "14: a message leaves flash when it is sent",
		where: "Uplink.offer",
		patch: {
			find: "this.#offered = sequence;",
			replace: "this.#offered = sequence; outbox.remove(sequence);",
		},
		caughtBy: ["nothing-lost", "everything-delivered"],
		lives: { profile: "network", days: 0.25 },
	},
	{
		name: "15a: reboots have no budget",
		where: "BootRecord._spend",
		patch: { begin: 'return { kind: "granted" };' },
		caughtBy: ["reboots-bounded"],
		lives: { profile: "outage", days: 1, changes: { devices: 1 } },
	},
	{
		name: "15b: a reboot for what a reboot cannot mend",
		where: "isRebootable",
		patch: { begin: "return true;" },
		caughtBy: ["reboots-with-cause"],
		lives: { profile: "broker", days: 0.5, changes: { devices: 1 } },
	},
	{
		name: "16: a refused subscription is not told",
		where: "BrokerSession._onSubscribed",
		patch: { begin: "return;" },
		caughtBy: ["refusals-told"],
		lives: { profile: "broker", days: 0.5, changes: { devices: 1, latencyMs: 20 } },
	},
	{
		name: "17: a retained command acts",
		where: "judgeCommand",
		patch: { find: "if (retained)", replace: "if (false)" },
		caughtBy: ["commands-authentic"],
		lives: { profile: "attack", days: 0.25 },
	},
	{
		name: "18a: a signature is not verified",
		where: "signatureRejection",
		patch: { begin: "return undefined;" },
		caughtBy: ["commands-authentic"],
		lives: { profile: "attack", days: 0.25 },
	},
	{
		name: "18b: a command for another device is obeyed",
		where: "judgeCommand",
		patch: { find: "signed.audience !== deviceId", replace: "false" },
		caughtBy: ["commands-authentic"],
		lives: { profile: "attack", days: 0.25 },
	},
	{
		name: "18c: a command is obeyed again",
		where: "CommandLedger.record",
		patch: { begin: 'return "recorded";' },
		caughtBy: ["commands-authentic"],
		lives: { profile: "attack", days: 0.25 },
	},
	{
		name: "19: a topic longer than its packet",
		where: "decodeBody",
		patch: {
			begin: "if (isPublish(header) && body.length < 6) throw new RangeError('offset');",
		},
		caughtBy: ["exception"],
		lives: { profile: "attack", days: 0.25 },
	},
	{
		name: "20: an empty payload",
		where: "Inbound._deliver",
		patch: { begin: "if (packet.payload?.length === 0) throw new TypeError('payload: empty');" },
		caughtBy: ["exception"],
		lives: { profile: "attack", days: 0.25 },
	},
	{
		name: "21: a token is used until it is refused",
		where: "BrokerSession._armRenewal",
		patch: { begin: "return;" },
		caughtBy: ["token-renewed"],
		lives: {
			profile: "calm",
			days: 0.25,
			changes: { authentication: "token", devices: 1, hasNetworkTime: true },
		},
	},
	{
		name: "22: a password in a report",
		where: "BrokerSession._userAndPassword",
		patch: {
			begin: `const { password } = this.#options.configuration.authentication;
				this.#options.ports.report({
					name: "connecting",
					password: String.fromCharCode(...(password?.reveal() ?? [])),
				});`,
		},
		caughtBy: ["secrets-hidden"],
		lives: { ...storm, days: 0.1, changes: { authentication: "password" } },
	},
	{
		name: "23: every connection leaves a timer behind",
		where: "BrokerSession._armRenewal",
		patch: { begin: "this.#options.ports.timer.repeat(() => undefined, 60_000);" },
		caughtBy: ["memory-bounded"],
		lives: { profile: "broker", days: 0.5, changes: { devices: 1 } },
	},
	{
		name: "24: an entry of the settings that cannot be read stops the boot",
		where: "BootRecord._load",
		patch: {
			find: "return bytes ?",
			replace:
				"if (bytes && bytes.byteLength !== 40) throw new RangeError('record');\nreturn bytes ?",
		},
		caughtBy: ["exception"],
		lives: { profile: "flash", days: 0.5 },
	},
	{
		name: "25: pins are quietly left out",
		where: "BrokerSession._socketOptions",
		patch: { find: "pins,", replace: "pins: []," },
		caughtBy: ["peers-judged"],
		lives: { profile: "tls", days: 0.5, changes: { devices: 1 } },
	},
	{
		name: "26: no session is ever resumed",
		where: "BrokerSession._socketOptions",
		patch: {
			find: "pins,",
			replace:
				"pins, applicationLayerProtocols: [String(this.#options.ports.clock.monotonicMs())],",
		},
		caughtBy: ["sessions-resumed"],
		lives: { profile: "broker", days: 1, changes: { devices: 1, brokers: 1 } },
	},
	{
		name: "a number that is used twice",
		where: "SequenceReservation.next",
		patch: {
			find: "return this.#next++;",
			replace: `globalThis.isSecond = this.#next % 50 === 0 && !globalThis.isSecond;
				return globalThis.isSecond ? this.#next : this.#next++;`,
		},
		caughtBy: ["sequences-unique", "exception"],
		lives: { ...storm, days: 0.25 },
	},
	{
		name: "plaintext instead of TLS",
		where: "BrokerSession._socketOptions",
		patch: { find: "io: ports.tls.io", replace: "io: ports.tcp.io" },
		caughtBy: ["nothing-in-plaintext"],
		lives: { ...storm, days: 0.1 },
	},
	{
		name: "a topic outside the policy",
		where: "Uplink._look",
		patch: { find: "topic, payload", replace: 'topic: "holdfast/else/telemetry", payload' },
		caughtBy: ["protocol-kept", "messages-genuine"],
		lives: { ...storm, days: 0.1 },
	},
	{
		name: "a packet id that is still in use",
		where: "Session._takeId",
		patch: { begin: "return 7;" },
		caughtBy: ["protocol-kept", "nothing-lost", "exception"],
		lives: { ...storm, days: 0.25 },
	},
	{
		name: "a reading that nobody measured",
		where: "encodeReading",
		patch: { begin: "samples = samples.map(() => ({ thermometer: { temperature: 99 } }));" },
		caughtBy: ["nothing-invented"],
		lives: { ...storm, days: 0.1 },
	},
	{
		name: "a sampler that gives up after a failure",
		where: "Sampler._close",
		patch: { begin: "this.#options.ports.timer.clear(this.#timer);" },
		caughtBy: ["watchdog-with-cause"],
		lives: { profile: "power", days: 0.5 },
	},
]);
