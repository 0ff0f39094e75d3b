// ESP-IDF settings as files hold them: a complete sdkconfig, which its own generator wrote, or
// sdkconfig.defaults, which state some settings and leave the rest to defaults.
import { quote } from "../command-line.js";
import { isChip, type Chip } from "./chips.js";

const ASSIGNMENT = /^(CONFIG_[A-Za-z0-9_]+)=(.*)$/;
const UNSET = /^# (CONFIG_[A-Za-z0-9_]+) is not set$/;

/** Characters of one file: ESP-IDF's own has 120 000. */
const CHARACTERS_MAX = 4_000_000;

/** The settings of one build. Names have no `CONFIG_` in front. */
export class Settings {
	/**
	 * Whether this is what the generator of ESP-IDF wrote. There a setting that is absent does not
	 * exist for this chip; in defaults it means that the default counts, whatever that is.
	 */
	readonly isComplete: boolean;
	readonly #values: ReadonlyMap<string, string>;

	constructor(values: ReadonlyMap<string, string>, isComplete: boolean) {
		this.#values = values;
		this.isComplete = isComplete;
	}

	/** `y`, `n`, a number or a text without its quotes; `undefined` where nothing is stated. */
	get(name: string): string | undefined {
		return this.#values.get(name) ?? (this.isComplete ? "n" : undefined);
	}

	/** A whole number, decimal or hexadecimal. */
	number(name: string): number | undefined {
		const text = this.#values.get(name) ?? "";
		return /^(0x[0-9a-fA-F]+|-?[0-9]+)$/.test(text) ? Number(text) : undefined;
	}

	/** The chip for which these settings were generated. */
	get chip(): Chip | undefined {
		const name = this.#values.get("IDF_TARGET");
		return name !== undefined && isChip(name) ? name : undefined;
	}

	/** The same settings, some of them changed. */
	with(changes: Readonly<Record<string, string>>): Settings {
		return new Settings(new Map([...this.#values, ...Object.entries(changes)]), this.isComplete);
	}
}

/**
 * Reads settings. Where one is stated twice the later line counts, as it does for the generator.
 * Throws an Error with file and line for text that is no setting.
 */
export function parseSettings(text: string, name: string): Settings {
	if (text.length > CHARACTERS_MAX) throw new Error(`${name}: too long for an sdkconfig`);
	const values = new Map<string, string>();
	for (const [index, line] of text.split(/\r?\n/).entries()) {
		const unset = UNSET.exec(line);
		if (unset) values.set(bare(unset[1]), "n");
		if (line.startsWith("#") || line.trim() === "") continue;
		const set = ASSIGNMENT.exec(line);
		if (!set) throw new Error(`${name}:${index + 1}: not a setting: ${quote(line)}`);
		values.set(bare(set[1]), valueOf(set[2] as string));
	}
	const isGenerated = /^# Automatically generated file/m.test(text);
	return new Settings(values, isGenerated && values.has("IDF_TARGET"));
}

function bare(name: string | undefined): string {
	return (name as string).slice("CONFIG_".length);
}

/** An empty value is how mcconfig writes `n`, and the generator reads it so. */
function valueOf(text: string): string {
	if (text === "") return "n";
	return /^".*"$/.test(text) ? text.slice(1, -1).replaceAll('\\"', '"') : text;
}
