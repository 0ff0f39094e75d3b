// A fleet: one folder with its authority, broker certificates, operators, the station's key, and a
// record of each device. Every private key that is not on a device lies here, readable by its owner
// alone.
import { createPrivateKey, generateKeyPairSync, sign, X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CHAIN_BYTES_MAX } from "../../src/limits.js";
import {
	importAuthority,
	makeCertificate,
	makePrivateKey,
	publicKeyOf,
	type Authority,
	type Revocation,
	type Subject,
	type Validity,
} from "./certificate-authority.js";
import {
	compareEntries,
	entryOf,
	fingerprintOf,
	serialOf,
	type CertificateEntry,
} from "./certificate-entry.js";
import { openCertificateRequest } from "./certificate-request.js";
import {
	keyIdOf,
	rawPublicKey,
	readDeviceRecord,
	signDeviceRecord,
	type DeviceFacts,
	type DeviceRecord,
} from "./device-record.js";
import { FleetError } from "./fleet-error.js";
import { toPEM, writeNewFleet, writeRevocationList } from "./new-fleet.js";
import { checkBrokerName, checkClientName, checkFleetName, checkHost } from "./names.js";
import { makeFolder, readPrivate, readText, refuseOthers, writeOwned } from "./owned-files.js";

/** ID~KEYID.json */
const FORMER_RECORD = /^[A-Za-z0-9_-]+~[0-9a-f]{16}\.json$/;

const PRIVATE_FILES = ["ca.key", "station.key"];

export interface IssueOptions {
	readonly validity?: Validity;
	/** Replace keys that exist. The old certificate stays valid until it is revoked. */
	readonly force?: boolean;
}

/** A certificate that the fleet issued. Bytes are DER; hexadecimal is lower case. */
export interface Issued {
	readonly certificate: Uint8Array;
	/** The same in PEM. */
	readonly pem: string;
	/** Leaf first. The authority itself is not part of it: the peer has it. */
	readonly chain: readonly Uint8Array[];
	readonly serial: string;
	/** SHA-256 of `certificate`. */
	readonly fingerprint: string;
}

/** A private key and its certificate in PEM, as node:tls and MQTT.js take them. */
export interface TLSIdentity {
	readonly certificate: string;
	readonly key: string;
}

/** An operator as devices know one. */
export interface Operator {
	readonly name: string;
	/** Ed25519, 32 bytes. */
	readonly publicKey: Uint8Array;
	readonly keyId: Uint8Array;
}

/** What seals commands in an operator's name. */
export interface OperatorSigner extends Operator {
	sign(message: Uint8Array): Uint8Array;
}

export class Fleet {
	readonly folder: string;
	readonly name: string;
	readonly #authority: Authority;

	private constructor(folder: string, name: string, authority: Authority) {
		this.folder = folder;
		this.name = name;
		this.#authority = authority;
	}

	/**
	 * Makes a fleet in a new or empty folder. With `force` a fleet that is there is moved aside.
	 */
	static async create(folder: string, options: { name: string } & IssueOptions): Promise<Fleet> {
		checkFleetName(options.name);
		const path = resolve(folder);
		const present = existsSync(path) && readdirSync(path).length > 0;
		if (present && !options.force) {
			throw new FleetError("exists", `${path} is not empty; --force moves it aside`);
		}
		makeFolder(dirname(path));
		// Built beside its place and moved there: an interrupted start leaves no half of a fleet.
		const draft = mkdtempSync(join(dirname(path), `.${basename(path)}-`));
		try {
			await writeNewFleet(draft, options.name, options.validity);
			if (present) renameSync(path, `${path}.replaced-${Date.now()}`);
			renameSync(draft, path);
		} finally {
			rmSync(draft, { recursive: true, force: true });
		}
		return Fleet.open(path);
	}

	static async open(folder: string): Promise<Fleet> {
		const path = resolve(folder);
		if (!existsSync(join(path, "fleet.json"))) {
			throw new FleetError("not-a-fleet", `${path} is not a fleet; "holdfast pki init" makes one`);
		}
		refuseOthers(path);
		for (const file of PRIVATE_FILES) refuseOthers(join(path, file));
		const { format, name } = readJSON(join(path, "fleet.json")) as Record<string, unknown>;
		if (format !== 1 || typeof name !== "string") {
			throw new FleetError("corrupt", `${path}/fleet.json: not a fleet of format 1`);
		}
		try {
			const certificate = readText(join(path, "ca.crt"));
			const authority = await importAuthority(certificate, readPrivate(join(path, "ca.key")));
			return new Fleet(path, name, authority);
		} catch (error) {
			if (error instanceof FleetError) throw error;
			throw new FleetError("corrupt", `${path}/ca.crt or ca.key: unreadable`, { cause: error });
		}
	}

	/** Certificates by which peers of this fleet are judged, DER. */
	authorities(): Uint8Array[] {
		return [new Uint8Array(this.#authority.certificate.rawData)];
	}

	/** Files for brokers and clients that take paths. */
	get authorityFile(): string {
		return join(this.folder, "ca.crt");
	}

	get revocationListFile(): string {
		return join(this.folder, "crl.pem");
	}

	/** A server certificate for a broker that clients reach by any of `hosts`, with its key. */
	async issueBrokerCertificate(
		options: { name: string; hosts: readonly string[] } & IssueOptions,
	): Promise<Issued & { certificateFile: string; keyFile: string }> {
		checkBrokerName(options.name);
		if (options.hosts.length === 0) throw new FleetError("host", "host: at least one is needed");
		for (const host of options.hosts) checkHost(host);
		const subject = { kind: "broker" as const, name: options.name, hosts: options.hosts };
		return this.#issueWithKey(join(this.folder, "broker", options.name), subject, options);
	}

	/** A TLS client certificate and a command-signing key for a person. */
	async issueOperator(
		options: { name: string } & IssueOptions,
	): Promise<Issued & Operator & { certificateFile: string; keyFile: string }> {
		const { name } = options;
		this.#checkClient("operator", name);
		const path = join(this.folder, "operators", name);
		const { privateKey, publicKey } = generateKeyPairSync("ed25519");
		const subject = { kind: "operator" as const, name };
		if (!options.force) refuseExisting(`${path}.signing.key`);
		const issued = await this.#issueWithKey(path, subject, options);
		const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
		writeOwned(
			`${path}.signing.key`,
			privateKey.export({ type: "pkcs8", format: "pem" }) as string,
			true,
		);
		writeOwned(`${path}.signing.pub`, pem, true);
		const raw = rawPublicKey(pem);
		return { ...issued, name, publicKey: raw, keyId: keyIdOf(raw) };
	}

	/**
	 * A client certificate for a key that lives on a device: `csr` is PKCS #10, DER, CN =
	 * `deviceId`.
	 */
	async issueDeviceCertificate(options: {
		deviceId: string;
		csr: Uint8Array;
		validity?: Validity;
	}): Promise<Issued> {
		this.#checkClient("device", options.deviceId);
		const publicKey = await openCertificateRequest(options.csr, options.deviceId);
		const subject = { kind: "device" as const, name: options.deviceId };
		return this.#issue(subject, publicKey, options.validity);
	}

	/** Certificate and key of a broker of this fleet. */
	brokerIdentity(name: string): TLSIdentity {
		checkBrokerName(name);
		return this.#identity(join(this.folder, "broker", name), `broker ${name}`);
	}

	/** Certificate and key with which an operator connects. */
	operatorIdentity(name: string): TLSIdentity {
		checkClientName("operator", name);
		return this.#identity(join(this.folder, "operators", name), `operator ${name}`);
	}

	/** The command-signing key of an operator. */
	operatorSigner(name: string): OperatorSigner {
		checkClientName("operator", name);
		const path = join(this.folder, "operators", `${name}.signing.key`);
		if (!existsSync(path)) throw new FleetError("unknown", `no operator ${name} in this fleet`);
		const pem = readPrivate(path);
		const key = createPrivateKey(pem);
		const publicKey = rawPublicKey(pem);
		return {
			name,
			publicKey,
			keyId: keyIdOf(publicKey),
			sign: (message) => new Uint8Array(sign(null, message, key)),
		};
	}

	/**
	 * Operators whose commands devices shall accept: those with a certificate that is not revoked.
	 */
	operators(): Operator[] {
		const folder = join(this.folder, "operators");
		const revoked = new Set(this.#revocations().map(({ serial }) => serial));
		const operators: Operator[] = [];
		for (const file of readdirSync(folder).sort()) {
			if (!file.endsWith(".signing.pub")) continue;
			const name = file.slice(0, -".signing.pub".length);
			const certificate = new X509Certificate(readText(join(folder, `${name}.crt`)));
			if (revoked.has(serialOf(certificate))) continue;
			const publicKey = rawPublicKey(readText(join(folder, file)));
			operators.push({ name, publicKey, keyId: keyIdOf(publicKey) });
		}
		return operators;
	}

	/**
	 * The current record of each device, by device id. Throws on one that the station did not sign.
	 */
	devices(): DeviceRecord[] {
		const folder = join(this.folder, "devices");
		const files = readdirSync(folder).filter((file) => /^[A-Za-z0-9_-]+\.json$/.test(file));
		return files.sort().map((file) => this.#readDevice(join(folder, file)));
	}

	/**
	 * Earlier records of devices, each with a signing key that its device had before: what it signed
	 * then stays signed. Throws on one that the station did not sign.
	 */
	formerDevices(): DeviceRecord[] {
		const folder = join(this.folder, "devices");
		const files = readdirSync(folder).filter((file) => FORMER_RECORD.test(file));
		const former = files.sort().map((file) => this.#readDevice(join(folder, file)));
		// A key that came back is the current one.
		return former.filter(({ deviceId, keyId }) => this.device(deviceId)?.keyId !== keyId);
	}

	/** The current record of one device. */
	device(deviceId: string): DeviceRecord | undefined {
		checkClientName("device", deviceId);
		const path = join(this.folder, "devices", `${deviceId}.json`);
		return existsSync(path) ? this.#readDevice(path) : undefined;
	}

	/**
	 * Signs `facts` and makes them the current record of their device; an earlier one is kept
	 * aside.
	 */
	writeDevice(facts: DeviceFacts): DeviceRecord {
		checkClientName("device", facts.deviceId);
		const record = signDeviceRecord(facts, readPrivate(join(this.folder, "station.key")));
		const path = join(this.folder, "devices", `${facts.deviceId}.json`);
		const before = this.device(facts.deviceId);
		if (before && before.keyId !== record.keyId) {
			const aside = join(this.folder, "devices", `${facts.deviceId}~${before.keyId}.json`);
			writeOwned(aside, readText(path), true);
		}
		writeOwned(path, `${JSON.stringify(record, null, "\t")}\n`, true);
		return record;
	}

	/** Every certificate that this fleet issued, by kind and name, oldest first. */
	list(): CertificateEntry[] {
		const revoked = new Map(this.#revocations().map(({ serial, at }) => [serial, at]));
		const folder = join(this.folder, "certificates");
		const files = readdirSync(folder).filter((file) => file.endsWith(".crt"));
		const entries = [this.authorityFile, ...files.map((file) => join(folder, file))].map((path) => {
			return entryOf(new X509Certificate(readText(path)), revoked);
		});
		return entries.sort(compareEntries);
	}

	/** Serials of all certificates that were revoked. */
	revoked(): string[] {
		return this.#revocations().map(({ serial }) => serial);
	}

	/** Revokes a certificate and writes the revocation list anew. Returns the list's path. */
	async revoke(serial: string): Promise<string> {
		const wanted = serial.toLowerCase().replaceAll(":", "");
		if (!/^[0-9a-f]{1,40}$/.test(wanted) || !existsSync(this.#certificateFile(wanted))) {
			throw new FleetError("unknown", `no certificate with serial ${JSON.stringify(serial)}`);
		}
		const revocations = this.#revocations();
		if (!revocations.some((revocation) => revocation.serial === wanted)) {
			revocations.push({ serial: wanted, at: new Date(Math.floor(Date.now() / 1000) * 1000) });
			writeOwned(join(this.folder, "revoked.json"), `${JSON.stringify(revocations)}\n`, true);
		}
		await writeRevocationList(this.folder, this.#authority, revocations);
		return this.revocationListFile;
	}

	#readDevice(path: string): DeviceRecord {
		const station = rawPublicKey(readText(join(this.folder, "station.pub")));
		const record = readDeviceRecord(readText(path), station, path);
		const names = [`${record.deviceId}.json`, `${record.deviceId}~${record.keyId}.json`];
		if (!names.includes(basename(path))) {
			throw new FleetError("corrupt", `${path}: the record of another device`);
		}
		return record;
	}

	#certificateFile(serial: string): string {
		return join(this.folder, "certificates", `${serial}.crt`);
	}

	#revocations(): Revocation[] {
		const list = readJSON(join(this.folder, "revoked.json")) as { serial: string; at: string }[];
		return list.map(({ serial, at }) => ({ serial, at: new Date(at) }));
	}

	/**
	 * Brokers know clients by their common name alone, so a device and an operator never share one.
	 */
	#checkClient(kind: "device" | "operator", name: string): void {
		checkClientName(kind === "device" ? "device id" : "operator", name);
		const other = kind === "device" ? "operator" : "device";
		const taken =
			kind === "device"
				? existsSync(join(this.folder, "operators", `${name}.crt`))
				: this.list().some((entry) => entry.kind === "device" && entry.name === name);
		if (taken) throw new FleetError("name-taken", `${name} is the name of ${other} of this fleet`);
	}

	#identity(path: string, what: string): TLSIdentity {
		if (!existsSync(`${path}.crt`)) throw new FleetError("unknown", `no ${what} in this fleet`);
		return { certificate: readText(`${path}.crt`), key: readPrivate(`${path}.key`) };
	}

	async #issueWithKey(path: string, subject: Subject, options: IssueOptions) {
		const files = { certificateFile: `${path}.crt`, keyFile: `${path}.key` };
		if (!options.force) Object.values(files).forEach(refuseExisting);
		const privateKey = makePrivateKey();
		const issued = await this.#issue(subject, publicKeyOf(privateKey), options.validity);
		writeOwned(files.keyFile, privateKey, options.force);
		writeOwned(files.certificateFile, issued.pem, options.force);
		return { ...issued, ...files };
	}

	async #issue(subject: Subject, publicKey: Uint8Array, validity?: Validity): Promise<Issued> {
		const made = await makeCertificate(this.#authority, subject, publicKey, validity);
		const certificate = new Uint8Array(made.rawData);
		if (certificate.length > CHAIN_BYTES_MAX) {
			const size = `${certificate.length} bytes, at most ${CHAIN_BYTES_MAX}`;
			throw new FleetError("chain-too-large", `the certificate chain has ${size}`);
		}
		const parsed = new X509Certificate(certificate);
		const serial = serialOf(parsed);
		const pem = toPEM(certificate);
		writeOwned(this.#certificateFile(serial), pem);
		const fingerprint = fingerprintOf(parsed);
		return { certificate, pem, chain: [certificate], serial, fingerprint };
	}
}

function readJSON(path: string): unknown {
	const text = readText(path);
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new FleetError("corrupt", `${path}: not JSON`, { cause: error });
	}
}

function refuseExisting(path: string): void {
	if (existsSync(path)) throw new FleetError("exists", `${path} exists; --force replaces it`);
}
