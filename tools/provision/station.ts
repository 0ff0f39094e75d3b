// The factory station: takes one unit from whatever state it is in to a proved, recorded and locked
// device. Every step can be repeated, so a run that broke off is simply run again.
import { createHash, verify, X509Certificate } from "node:crypto";
import { equalBytes } from "../../src/bytes/arrays.js";
import { includesBytes } from "../../src/provisioning/includes-bytes.js";
import { CONFIGURATION_VERSION } from "../../src/credentials/configuration.js";
import { PROVISIONING_NONCE_BYTES } from "../../src/limits.js";
import type { ProvisioningState } from "../../src/provisioning/messages.js";
import { openProof, signUnlock, type StatementSigner } from "../../src/provisioning/statement.js";
import type { Entropy, Timer } from "../../src/ports.js";
import {
	keyIdOf,
	publicKeyObject,
	type DeviceFacts,
	type DeviceRecord,
} from "../pki/device-record.js";
import { Conversation, type StationPort } from "./conversation.js";
import type { PendingUnit, PendingUnits } from "./pending.js";
import { StationError } from "./station-error.js";
import { configurationOf, type UnitSettings } from "./unit-settings.js";

/** The fleet, as far as the station needs it. */
export interface StationFleet {
	authorities(): readonly Uint8Array[];
	operators(): readonly { readonly publicKey: Uint8Array }[];
	issueDeviceCertificate(request: { deviceId: string; csr: Uint8Array }): Promise<{
		readonly certificate: Uint8Array;
		readonly chain: readonly Uint8Array[];
		readonly serial: string;
		readonly fingerprint: string;
	}>;
	device(deviceId: string): DeviceRecord | undefined;
	devices(): readonly DeviceRecord[];
	writeDevice(facts: DeviceFacts): DeviceRecord;
}

/** Steps in their order, as progress shows them. */
export const STATION_STEPS = [
	...(["hello", "unlock", "keys", "request", "issue", "install"] as const),
	...(["commit", "prove", "record", "lock"] as const),
];
export type StationStep = (typeof STATION_STEPS)[number];

export interface StationOptions {
	readonly fleet: StationFleet;
	readonly pending: PendingUnits;
	readonly settings: UnitSettings;
	/** The name of a unit that has none yet. */
	readonly nameUnit: (hardwareId: string) => string;
	/** Where given, a unit with any other name is refused. */
	readonly deviceId?: string;
	/** Opens locked units. */
	readonly operator?: StatementSigner;
	/** Leave the unit unlocked: for development, not for the field. */
	readonly leaveUnlocked?: boolean;
	readonly timer: Pick<Timer, "set" | "clear">;
	readonly entropy: Entropy;
	readonly unixSeconds: () => number;
	readonly answerMs?: number;
	readonly attempts?: number;
	readonly onStep?: (step: StationStep, detail: { readonly percent?: number }) => void;
}

export interface Provisioned {
	readonly record: DeviceRecord;
	/** "present": the unit had been finished before, and nothing was done. */
	readonly outcome: "provisioned" | "resumed" | "present";
}

interface Unit {
	readonly hardwareId: string;
	readonly firmware: string;
	readonly state: ProvisioningState;
	readonly deviceId: string | undefined;
	readonly digest: string | undefined;
}

/**
 * Times that a unit is begun anew because it lost what it had in memory, for instance by a restart.
 */
const ROUNDS_MAX = 4;
const FORGOTTEN = ["step", "offset", "digest"];

export class Station {
	readonly #options: StationOptions;
	#conversation!: Conversation;

	constructor(options: StationOptions) {
		this.#options = options;
	}

	/**
	 * Provisions the unit at `port`. Rejects with a {@link StationError} or the fleet's own error.
	 */
	async provision(port: StationPort): Promise<Provisioned> {
		const { timer, entropy, answerMs, attempts } = this.#options;
		this.#conversation = new Conversation({
			...{ port, timer, entropy },
			...(answerMs !== undefined && { answerMs }),
			...(attempts !== undefined && { attempts }),
		});
		for (let round = 1; ; round++) {
			try {
				return await this.#round();
			} catch (error) {
				const code = error instanceof StationError ? error.refusal?.code : undefined;
				if (code === undefined || !FORGOTTEN.includes(code) || round >= ROUNDS_MAX) throw error;
			}
		}
	}

	async #round(): Promise<Provisioned> {
		let unit = await this.#meet();
		const pending = this.#options.pending.read(unit.hardwareId);
		if (unit.state === "locked") {
			const finished = this.#finishedRecord(unit);
			if (finished !== undefined && this.#options.operator === undefined) {
				return this.#finish(unit, finished, "present");
			}
			unit = await this.#unlock(unit);
		}
		const isCommitted = pending !== undefined && pending.configurationDigest === unit.digest;
		const deviceId = this.#nameOf(unit);
		const installed = isCommitted ? pending : await this.#install(unit, deviceId);
		const record = await this.#prove(unit, installed);
		if (this.#options.leaveUnlocked !== true) {
			this.#step("lock");
			await this.#conversation.ask("lock");
		}
		return this.#finish(unit, record, isCommitted ? "resumed" : "provisioned");
	}

	async #meet(): Promise<Unit> {
		this.#step("hello");
		const hello = await this.#conversation.ask("hello");
		const { hardwareId, state, firmware = "", configurationVersion } = hello;
		if (hardwareId === undefined || state === undefined) {
			throw new StationError("protocol", "the answer to hello has no hardware id or no state");
		}
		if (configurationVersion !== CONFIGURATION_VERSION) {
			const versions = `${configurationVersion}, this station writes ${CONFIGURATION_VERSION}`;
			throw new StationError("protocol", `the device reads configurations of version ${versions}`);
		}
		const { deviceId, digest } = await this.#conversation.ask("status");
		return { hardwareId, firmware, state, deviceId, digest: digest && hex(digest) };
	}

	#nameOf(unit: Unit): string {
		const { deviceId: wanted, nameUnit, fleet } = this.#options;
		const name = unit.deviceId ?? wanted ?? nameUnit(unit.hardwareId);
		if (wanted !== undefined && name !== wanted) {
			throw new StationError("identity", `this device is ${name} for ever, not ${wanted}`);
		}
		const other = fleet.device(name);
		if (other !== undefined && other.hardwareId !== unit.hardwareId) {
			const owner = `hardware ${other.hardwareId}`;
			throw new StationError("identity", `${name} is the name of ${owner} in this fleet`);
		}
		return name;
	}

	/** The record of a locked unit, where what it holds is what was recorded. */
	#finishedRecord(unit: Unit): DeviceRecord | undefined {
		if (unit.deviceId === undefined) return undefined;
		const record = this.#options.fleet.device(unit.deviceId);
		const isSame =
			record?.hardwareId === unit.hardwareId && record.details?.configurationDigest === unit.digest;
		return isSame ? record : undefined;
	}

	async #unlock(unit: Unit): Promise<Unit> {
		const { operator } = this.#options;
		const { deviceId } = unit;
		if (operator === undefined || deviceId === undefined) {
			const name = deviceId ?? unit.hardwareId;
			throw new StationError("locked", `${name} is locked; --unlock OPERATOR opens it`);
		}
		this.#step("unlock");
		const { device } = await this.#challenge();
		const message = signUnlock({ deviceNonce: device, deviceId }, operator);
		const digest = sha256(message);
		await this.#conversation.transfer(message, digest);
		await this.#conversation.ask("unlock", { digest });
		return { ...unit, state: "committed" };
	}

	async #install(unit: Unit, deviceId: string): Promise<PendingUnit> {
		const { fleet, settings, pending, unixSeconds } = this.#options;
		this.#step("keys");
		const keys = await this.#conversation.ask("keys");
		const { publicKey, keyName } = keys;
		if (publicKey === undefined || keyName === undefined) {
			throw new StationError("protocol", "the answer to keys has no key");
		}
		this.#checkSigningKey(unit, deviceId, publicKey);
		this.#step("request");
		const csr = await this.#conversation.collect("request", { deviceId });
		this.#step("issue");
		const issued = await fleet.issueDeviceCertificate({ deviceId, csr });
		checkCertified(issued.certificate, csr, deviceId);
		const configuration = configurationOf(settings, {
			...{ deviceId, keyName, chain: issued.chain },
			authorities: fleet.authorities(),
			operators: fleet.operators(),
			unixSeconds: unixSeconds(),
		});
		try {
			const digest = sha256(configuration);
			await this.#conversation.transfer(configuration, digest, (sent) =>
				this.#step("install", Math.floor((100 * sent) / configuration.length)),
			);
			const installed: PendingUnit = {
				deviceId,
				signingKey: hex(publicKey),
				configurationDigest: hex(digest),
				certificateSerial: issued.serial,
				certificateFingerprint: issued.fingerprint,
			};
			// Before the commit: were its answer lost, the unit could not be told from a stranger.
			pending.write(unit.hardwareId, installed);
			this.#step("commit");
			await this.#conversation.ask("commit", { digest });
			return installed;
		} finally {
			configuration.fill(0);
		}
	}

	/** A known unit has the key that it was recorded with: it is only made once. */
	#checkSigningKey(unit: Unit, deviceId: string, publicKey: Uint8Array): void {
		const record = this.#options.fleet.device(deviceId);
		if (record === undefined || unit.deviceId === undefined) return;
		if (record.signingKey !== hex(publicKey)) {
			throw new StationError("identity", `${deviceId} has another signing key than its record`);
		}
	}

	async #prove(unit: Unit, installed: PendingUnit): Promise<DeviceRecord> {
		this.#step("prove");
		const nonces = await this.#challenge();
		const bytes = await this.#conversation.collect("prove");
		const signingKey = Buffer.from(installed.signingKey, "hex");
		const keyId = keyIdOf(signingKey);
		const proof = openProof(bytes, (id, message, signature) => {
			if (!equalBytes(id, keyId)) return false;
			return verify(null, message, publicKeyObject(signingKey), signature);
		});
		if (proof === undefined) throw new StationError("proof", "the proof does not verify");
		const isRight =
			equalBytes(proof.challenge, nonces.station) &&
			equalBytes(proof.deviceNonce, nonces.device) &&
			proof.deviceId === installed.deviceId &&
			proof.hardwareId === unit.hardwareId &&
			hex(proof.digest) === installed.configurationDigest;
		if (!isRight) throw new StationError("proof", "the proof is of something else");
		this.#step("record");
		return this.#options.fleet.writeDevice({
			deviceId: installed.deviceId,
			hardwareId: unit.hardwareId,
			signingKey: installed.signingKey,
			keyId: hex(keyId),
			certificateSerial: installed.certificateSerial,
			certificateFingerprint: installed.certificateFingerprint,
			provisionedAt: new Date(this.#options.unixSeconds() * 1000).toISOString(),
			details: {
				firmware: unit.firmware,
				configurationDigest: installed.configurationDigest,
				challenge: hex(nonces.station),
				proof: hex(bytes),
				locked: false,
			},
		});
	}

	async #challenge(): Promise<{ readonly station: Uint8Array; readonly device: Uint8Array }> {
		const station = new Uint8Array(PROVISIONING_NONCE_BYTES);
		this.#options.entropy.fill(station);
		const { nonce } = await this.#conversation.ask("challenge", { nonce: station });
		if (nonce === undefined) throw new StationError("protocol", "the device gives no nonce");
		return { station, device: nonce };
	}

	#finish(unit: Unit, record: DeviceRecord, outcome: Provisioned["outcome"]): Provisioned {
		const { fleet, pending, leaveUnlocked } = this.#options;
		const isLocked = outcome === "present" || leaveUnlocked !== true;
		const finished =
			record.details?.locked === isLocked
				? record
				: fleet.writeDevice(factsOf(record, { ...record.details, locked: isLocked }));
		pending.remove(unit.hardwareId);
		return { record: finished, outcome };
	}

	#step(step: StationStep, percent?: number): void {
		this.#options.onStep?.(step, percent === undefined ? {} : { percent });
	}
}

function factsOf(record: DeviceRecord, details: NonNullable<DeviceFacts["details"]>): DeviceFacts {
	const { deviceId, hardwareId, signingKey, keyId } = record;
	const { certificateSerial, certificateFingerprint, provisionedAt } = record;
	const certificate = { certificateSerial, certificateFingerprint };
	return { deviceId, hardwareId, signingKey, keyId, ...certificate, provisionedAt, details };
}

/** The key that was certified is the key in the request, and the name is the device's. */
function checkCertified(certificate: Uint8Array, csr: Uint8Array, deviceId: string): void {
	const parsed = new X509Certificate(certificate);
	const spki = parsed.publicKey.export({ type: "spki", format: "der" });
	const names = parsed.subject.split("\n");
	if (!includesBytes(csr, new Uint8Array(spki)) || !names.includes(`CN=${deviceId}`)) {
		throw new StationError("certificate", "the certificate is not for the device's request");
	}
}

function sha256(bytes: Uint8Array): Uint8Array {
	return new Uint8Array(createHash("sha256").update(bytes).digest());
}

function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}
