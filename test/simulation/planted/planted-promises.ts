// Planted bugs that no complaint of the field names: for each promise of a healed device, and for
// what a life demands beside the complaints, one that breaks it.

import type { PlantedBug } from "./planted-bugs.js";

const storm = { profile: "storm", days: 0.1 } as const;
const one = { devices: 1 } as const;
const token = { ...one, authentication: "token", hasNetworkTime: true } as const;

export const PLANTED_PROMISES: readonly PlantedBug[] = Object.freeze<PlantedBug[]>([
	{
		name: "nothing is ever published",
		where: "Uplink.offer",
		patch: { begin: "return 0;" },
		caughtBy: ["everything-delivered"],
		lives: storm,
	},
	{
		name: "what was in flight is not offered again",
		where: "Uplink.rewind",
		patch: { begin: "return;" },
		caughtBy: ["everything-delivered"],
		lives: {
			profile: "broker",
			days: 0.25,
			changes: { ...one, publishQoS: 2, deliversAtRelease: true },
		},
	},
	{
		name: "a command is acknowledged and forgotten",
		where: "Downlink.receive",
		patch: { begin: "return;" },
		caughtBy: ["commands-authentic"],
		lives: { profile: "operator", days: 0.25, changes: { ...one, subscribeQoS: 1 } },
	},
	{
		name: "every command is refused",
		where: "judgeCommand",
		patch: { begin: 'return { kind: "refused", reason: "expired", answerable: false };' },
		caughtBy: ["commands-answered"],
		lives: { ...storm, changes: { ...one, hasNetworkTime: true } },
	},
	{
		name: "no command is answered",
		where: "Downlink._answer",
		patch: { begin: "return;" },
		caughtBy: ["commands-answered"],
		lives: { ...storm, changes: { ...one, hasNetworkTime: true } },
	},
	{
		name: "a topic that was never granted is listened to",
		where: "Downlink.receive",
		patch: { find: "!policy.allowsInbound(message.topic)", replace: "false" },
		caughtBy: ["commands-authentic"],
		lives: { profile: "attack", days: 0.25, changes: { ...one, hasNetworkTime: true } },
	},
	{
		name: "each sample becomes two readings",
		where: "Stages._accept",
		patch: {
			begin: `if (!this.isSecond) { this.isSecond = true; this._accept(samples); }
				this.isSecond = false;`,
		},
		caughtBy: ["each-sample-once"],
		lives: storm,
	},
	{
		name: "each second sample is thrown away",
		where: "Stages._accept",
		patch: { begin: "this.isSecond = !this.isSecond; if (this.isSecond) return;" },
		caughtBy: ["each-sample-once"],
		lives: storm,
	},
	{
		name: "a sensor is read at half its rate",
		where: "Sampler._arm",
		patch: { find: "this.#intervalMs)", replace: "this.#intervalMs * 2)" },
		caughtBy: ["each-sample-once", "watchdog-with-cause"],
		lives: storm,
	},
	{
		name: "a reading says what the one before said",
		where: "encodeReading",
		patch: { begin: "[samples, globalThis.before] = [globalThis.before ?? samples, samples];" },
		caughtBy: ["nothing-invented"],
		lives: storm,
	},
	{
		name: "no acknowledgement is ever written down",
		where: "Outbox.flush",
		patch: { begin: 'this.#pending = []; return { kind: "stored" };' },
		caughtBy: ["duplicates-bounded", "everything-delivered"],
		lives: { profile: "power", days: 0.5, changes: { ...one, outboxBlocks: 64 } },
	},
	{
		name: "a gap record counts one, whatever went",
		where: "Uplink._makeRoom",
		patch: { begin: "victims = victims.map((victim) => ({ ...victim, count: 1 }));" },
		caughtBy: ["gaps-counted"],
		lives: { profile: "outage", days: 1, changes: { ...one, outboxBlocks: 8 } },
	},
	{
		name: "a gap record names what was not measured yet",
		where: "Uplink._makeRoom",
		patch: {
			begin: "victims = victims.map((victim) => ({ ...victim, last: victim.last + 5000 }));",
		},
		caughtBy: ["gaps-counted"],
		lives: { profile: "outage", days: 1, changes: { ...one, outboxBlocks: 8 } },
	},
	{
		name: "the log is never written",
		where: "SecurityLog.record",
		patch: { begin: "return;" },
		caughtBy: ["log-verifies"],
		lives: storm,
	},
	{
		name: "the log is never signed",
		where: "SecurityLog._sign",
		patch: { begin: "return;" },
		caughtBy: ["log-verifies"],
		lives: storm,
	},
	{
		name: "the log is never uploaded",
		where: "Journal._upload",
		patch: { begin: "return;" },
		caughtBy: ["log-verifies"],
		lives: storm,
	},
	{
		name: "a token is valid for ten years",
		where: "mintToken",
		patch: { find: "time.unixSeconds + lifetimeS;", replace: "time.unixSeconds + 315576000;" },
		caughtBy: ["link-back"],
		lives: { ...storm, changes: token },
	},
	{
		name: "a token is signed by nobody",
		where: "mintToken",
		patch: {
			find: "const signature = sign(signed);",
			replace: "const signature = new Uint8Array(64);",
		},
		caughtBy: ["link-back"],
		lives: { ...storm, changes: token },
	},
	{
		name: "boots that fail in a row are not counted",
		where: "countBoot",
		patch: { begin: "record.isUnproven = false;" },
		caughtBy: ["safe-mode-entered"],
		lives: { profile: "power", days: 0.5, changes: one },
	},
	{
		name: "safe mode is never left",
		where: "RecoverySteps._armSafeModeRetry",
		patch: { begin: "return;" },
		caughtBy: ["safe-mode-left"],
		lives: { profile: "power", days: 1, changes: one },
	},
]);
