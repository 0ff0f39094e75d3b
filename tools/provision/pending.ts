// What the station remembers of a unit between commit and record, so that a run that was
// interrupted goes on and does not certify a second key. One small file per hardware id; nothing in
// it is secret.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeOwned } from "../pki/owned-files.js";

export interface PendingUnit {
	readonly deviceId: string;
	/** Everything below is hexadecimal. */
	readonly signingKey: string;
	readonly configurationDigest: string;
	readonly certificateSerial: string;
	readonly certificateFingerprint: string;
}

export interface PendingUnits {
	read(hardwareId: string): PendingUnit | undefined;
	write(hardwareId: string, unit: PendingUnit): void;
	remove(hardwareId: string): void;
}

const FIELDS = [
	...["deviceId", "signingKey", "configurationDigest"],
	...["certificateSerial", "certificateFingerprint"],
];

/** In the folder `pending` of a fleet. */
export class PendingFolder implements PendingUnits {
	readonly #folder: string;

	constructor(fleetFolder: string) {
		this.#folder = join(fleetFolder, "pending");
	}

	/** `undefined` where there is none, or none that can be read: the unit then starts over. */
	read(hardwareId: string): PendingUnit | undefined {
		const path = this.#path(hardwareId);
		if (!existsSync(path)) return undefined;
		try {
			const unit = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
			return FIELDS.every((field) => typeof unit[field] === "string")
				? (unit as unknown as PendingUnit)
				: undefined;
		} catch (error) {
			if (error instanceof SyntaxError) return undefined;
			throw error;
		}
	}

	write(hardwareId: string, unit: PendingUnit): void {
		makeFolder(this.#folder);
		writeOwned(this.#path(hardwareId), `${JSON.stringify(unit)}\n`, true);
	}

	remove(hardwareId: string): void {
		rmSync(this.#path(hardwareId), { force: true });
	}

	/** A hardware id comes from the device: in a file name it is hexadecimal of whatever it is. */
	#path(hardwareId: string): string {
		return join(this.#folder, `${Buffer.from(hardwareId, "utf8").toString("hex")}.json`);
	}
}
