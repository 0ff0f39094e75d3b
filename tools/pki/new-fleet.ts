// Writes the files of a new fleet, and its revocation list whenever that changes.
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import {
	importAuthority,
	makeAuthorityCertificate,
	makePrivateKey,
	makeRevocationList,
	type Authority,
	type Revocation,
	type Validity,
} from "./certificate-authority.js";
import { makeFolder, writeOwned } from "./owned-files.js";

const FOLDERS = ["broker", "operators", "devices", "certificates"];

export async function writeNewFleet(
	folder: string,
	name: string,
	validity?: Validity,
): Promise<void> {
	for (const part of FOLDERS) makeFolder(join(folder, part));
	const key = makePrivateKey();
	const certificate = await makeAuthorityCertificate(name, key, validity);
	const pem = toPEM(new Uint8Array(certificate.rawData));
	writeOwned(join(folder, "ca.key"), key);
	writeOwned(join(folder, "ca.crt"), pem);
	const station = generateKeyPairSync("ed25519");
	const stationKey = station.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
	writeOwned(join(folder, "station.key"), stationKey);
	const stationPublic = station.publicKey.export({ type: "spki", format: "pem" }) as string;
	writeOwned(join(folder, "station.pub"), stationPublic);
	writeOwned(join(folder, "revoked.json"), "[]\n");
	await writeRevocationList(folder, await importAuthority(pem, key), []);
	const about = { format: 1, name, createdAt: new Date().toISOString() };
	writeOwned(join(folder, "fleet.json"), `${JSON.stringify(about, null, "\t")}\n`);
}

export async function writeRevocationList(
	folder: string,
	authority: Authority,
	revocations: readonly Revocation[],
): Promise<void> {
	const list = await makeRevocationList(authority, revocations, revocations.length + 1);
	writeOwned(join(folder, "crl.pem"), toPEM(list, "X509 CRL"), true);
}

export function toPEM(der: Uint8Array, tag = "CERTIFICATE"): string {
	const lines =
		Buffer.from(der)
			.toString("base64")
			.match(/.{1,64}/g) ?? [];
	return `-----BEGIN ${tag}-----\n${lines.join("\n")}\n-----END ${tag}-----\n`;
}
