// All rules over one build.
import { EXPOSURE_RULES } from "./exposure-rules.js";
import { IMAGE_RULES } from "./image-rules.js";
import { MEMORY_RULES } from "./memory-rules.js";
import { PARTITION_RULES } from "./partition-rules.js";
import type { Profile } from "./profile.js";
import type { Build, Rule } from "./rule.js";
import { SCRIPT_RULES } from "./script-rules.js";
import { STORAGE_RULES } from "./storage-rules.js";
import { TLS_RULES } from "./tls-rules.js";
import { WATCHDOG_RULES } from "./watchdog-rules.js";

export const RULES: readonly Rule[] = [
	...IMAGE_RULES,
	...STORAGE_RULES,
	...EXPOSURE_RULES,
	...WATCHDOG_RULES,
	...TLS_RULES,
	...PARTITION_RULES,
	...MEMORY_RULES,
	...SCRIPT_RULES,
];

/** A rule that does not hold. */
export interface Finding {
	readonly rule: Rule;
	readonly found: string;
}

export interface Judgement {
	/** Rules for this chip. */
	readonly judged: number;
	/** What fails the build in this profile. */
	readonly failures: readonly Finding[];
	/** What a development image lacks for production; none in production, where it fails. */
	readonly lacks: readonly Finding[];
}

export function judge(build: Build, profile: Profile): Judgement {
	const rules = RULES.filter(({ chips }) => !chips || chips.includes(build.chip));
	const findings = rules.flatMap((rule) => {
		const found = rule.find(build);
		return found === undefined ? [] : [{ rule, found }];
	});
	const fails = ({ rule }: Finding) => profile === "production" || rule.everyProfile;
	return {
		judged: rules.length,
		failures: findings.filter(fails),
		lacks: findings.filter((finding) => !fails(finding)),
	};
}
