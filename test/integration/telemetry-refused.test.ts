// Brokers that a device must not speak to: no connection, a stable reason, a security event,
// backoff, and no plaintext ever. The server here records whatever reaches it above TLS, which
// must be nothing.

import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TlsOptions } from "node:tls";
import { SILENT_REFUSALS_SUSPECTED } from "../../src/limits.js";
import { Fleet } from "../../tools/pki/fleet.js";
import { AedesAuthorizer } from "../../tools/policy/aedes-authorizer.js";
import { mosquittoPath, startBroker } from "../support/brokers.js";
import { Installation } from "../support/installation.js";

const DAY_MS = 86_400_000;
/** Failed attempts after which a device suspects that its certificate is what is refused. */
const ROW = SILENT_REFUSALS_SUSPECTED;
const canRun = mosquittoPath() !== undefined || Boolean(process.env.CI);
const maybeWithMosquitto = canRun ? it : it.skip;

describe("a broker that must not be spoken to", () => {
	let installation: Installation;
	let server: Server | undefined;
	let received: Buffer[];

	beforeEach(async () => {
		received = [];
		installation = await Installation.create({ kind: "aedes", board: { timeScale: 0.01 } });
	});

	afterEach(async () => {
		server?.close();
		await installation.close();
	});

	/** Puts a server of ours where the device looks for its broker. */
	async function impersonate(options: TlsOptions): Promise<void> {
		const impostor = createServer(
			{ requestCert: true, rejectUnauthorized: true, ca: authority(), ...options },
			(socket) => {
				socket.on("data", (bytes) => received.push(bytes));
				socket.on("error", () => undefined);
			},
		);
		impostor.on("tlsClientError", () => undefined);
		await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve));
		server = impostor;
		const { port } = impostor.address() as AddressInfo;
		installation.proxy.retarget({ host: "127.0.0.1", port });
	}

	function authority(fleet = installation.fleet): Buffer {
		return readFileSync(fleet.authorityFile);
	}

	async function certificate(
		fleet: Fleet,
		hosts: readonly string[],
		validity?: { notBefore: Date; notAfter: Date },
	): Promise<TlsOptions> {
		const issued = await fleet.issueBrokerCertificate({
			name: "impostor",
			hosts,
			...(validity && { validity }),
		});
		return { cert: readFileSync(issued.certificateFile), key: readFileSync(issued.keyFile) };
	}

	/** The reason, twice: it is the same each time, and the second attempt waited. */
	async function refusedFor(code: string): Promise<void> {
		await installation.provision();
		await installation.until(() => installation.eventsNamed("connection-failed").length >= 2);
		const failures = installation.eventsNamed("connection-failed");
		for (const failure of failures.slice(0, 2)) {
			expect(failure).toMatchObject({ failureClass: code, isSecurity: true });
			expect(Number(failure.delayMs)).toBeGreaterThan(0);
		}
		expect(installation.eventsNamed("connection-online")).toEqual([]);
		expect(Buffer.concat(received).length).toBe(0);
		const sent = installation.proxy.recorded("up");
		expect(sent.length).toBeGreaterThan(0);
		for (const word of ["MQTT", "holdfast/", "temperature"]) {
			expect({ word, isSent: sent.includes(word) }).toEqual({ word, isSent: false });
		}
	}

	it("has a certificate of another authority", async () => {
		const folder = installation.folder.file("others");
		const others = await Fleet.create(folder, { name: "others" });
		await impersonate(await certificate(others, ["localhost", "127.0.0.1"]));
		await refusedFor("tls-authority");
	});

	it("has a certificate for another name", async () => {
		await impersonate(await certificate(installation.fleet, ["broker.example"]));
		await refusedFor("tls-host-name");
	});

	it("has a certificate that has expired", async () => {
		const notBefore = new Date(Date.now() - 3 * DAY_MS);
		const notAfter = new Date(Date.now() - DAY_MS);
		const hosts = ["localhost", "127.0.0.1"];
		await impersonate(await certificate(installation.fleet, hosts, { notBefore, notAfter }));
		await refusedFor("tls-expired");
	});

	it("has a certificate that is not valid yet", async () => {
		const notBefore = new Date(Date.now() + DAY_MS);
		const notAfter = new Date(Date.now() + 3 * DAY_MS);
		const hosts = ["localhost", "127.0.0.1"];
		await impersonate(await certificate(installation.fleet, hosts, { notBefore, notAfter }));
		await refusedFor("tls-not-yet-valid");
	});

	it("speaks nothing newer than TLS 1.1", async () => {
		const hosts = ["localhost", "127.0.0.1"];
		await impersonate({
			...(await certificate(installation.fleet, hosts)),
			minVersion: "TLSv1.1",
			maxVersion: "TLSv1.1",
			ciphers: "DEFAULT@SECLEVEL=0", // OpenSSL 3 would refuse to serve it at all
		});
		await refusedFor("tls-version");
	});

	it("does not know the device's certificate, with TLS 1.2", async () => {
		await impersonateStranger("TLSv1.2");
		await installation.provision();
		await installation.until(() => installation.eventsNamed("connection-failed").length >= ROW);
		// node:tls resets the connection without an alert: a transport tells no more, and a row of
		// resets is no proof either (the connection's README says what that means).
		for (const failure of installation.eventsNamed("connection-failed")) {
			expect(failure).toMatchObject({ failureClass: "tcp", phase: "securing" });
		}
		expect(installation.eventsNamed("connection-online")).toEqual([]);
		expect(Buffer.concat(received).length).toBe(0);
	});

	it("does not know the device's certificate, with TLS 1.3", async () => {
		await impersonateStranger("TLSv1.3");
		// Again a reset without an alert, here after the handshake: only a row of them is no accident.
		const accidents = Array.from({ length: ROW - 1 }, () => "closed-before-connack");
		await refusedAsStranger([...accidents, "authentication"]);
	});

	maybeWithMosquitto("does not know the device's certificate, and is mosquitto", async () => {
		const { fleet, folder } = installation;
		const others = await Fleet.create(folder.file("others"), { name: "others" });
		const hosts = ["localhost", "127.0.0.1"];
		const issued = await fleet.issueBrokerCertificate({ name: "strange", hosts });
		const strange = await startBroker("mosquitto", {
			folder: folder.file("strange"),
			authorityFile: others.authorityFile,
			certificateFile: issued.certificateFile,
			keyFile: issued.keyFile,
			access: new AedesAuthorizer({ operators: () => [] }),
			accessList: "",
		});
		try {
			installation.proxy.retarget({ host: "127.0.0.1", port: strange.port });
			await installation.provision();
			await installation.until(() => alarms().length > 0);
			// OpenSSL's alert says it, unless the reset behind it overtakes it.
			const classes = ["tls-client-certificate", "authentication"];
			expect(classes).toContain(alarms()[0]?.failureClass);
			const before = installation.eventsNamed("connection-failed").slice(0, ROW - 1);
			for (const failure of before.filter(({ isSecurity }) => !isSecurity)) {
				expect(failure).toMatchObject({ failureClass: "closed-before-connack" });
			}
			expect(installation.eventsNamed("connection-online")).toEqual([]);
		} finally {
			await strange.stop();
		}
	});

	function alarms() {
		return installation.eventsNamed("connection-failed").filter(({ isSecurity }) => isSecurity);
	}

	/** The classes of the first failures; the last of them, and no other, is a security event. */
	async function refusedAsStranger(classes: readonly string[]): Promise<void> {
		await installation.provision();
		const failures = () => installation.eventsNamed("connection-failed").slice(0, classes.length);
		await installation.until(() => failures().length === classes.length);
		expect(failures().map(({ failureClass }) => failureClass)).toEqual(classes);
		const isAlarm = classes.map((_, index) => index === classes.length - 1);
		expect(failures().map(({ isSecurity }) => isSecurity)).toEqual(isAlarm);
		expect(installation.eventsNamed("connection-online")).toEqual([]);
	}

	/** The right certificate itself, but it trusts another authority's clients only. */
	async function impersonateStranger(version: "TLSv1.2" | "TLSv1.3"): Promise<void> {
		const folder = installation.folder.file("others");
		const others = await Fleet.create(folder, { name: "others" });
		await impersonate({
			...(await certificate(installation.fleet, ["localhost", "127.0.0.1"])),
			ca: authority(others),
			minVersion: version,
			maxVersion: version,
		});
	}
});
