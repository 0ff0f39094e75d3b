// `npm audit` of what ships: known weaknesses of the packages in the bundle, or that nobody could
// be asked, which is not the same as none.
import { spawnSync } from "node:child_process";
import { SHIPPED_PACKAGES } from "./shipped.js";

export type Audit =
	| { readonly kind: "clean" }
	| { readonly kind: "weak"; readonly weaknesses: readonly string[] }
	| { readonly kind: "unanswered"; readonly why: string };

export function audit(root: string): Audit {
	const words = ["audit", "--json", "--omit=dev", "--package-lock-only"];
	const { stdout, error } = spawnSync("npm", words, {
		cwd: root,
		encoding: "utf8",
		maxBuffer: 64 * 1024 * 1024,
	});
	if (error) return { kind: "unanswered", why: `npm cannot be run: ${error.message}` };
	return readAudit(stdout);
}

/** Reads npm's answer; weaknesses of packages that do not ship are not ours to judge here. */
export function readAudit(text: string): Audit {
	let answer: unknown;
	try {
		answer = JSON.parse(text);
	} catch {
		return { kind: "unanswered", why: "npm answered with no JSON" };
	}
	const { vulnerabilities, message } = (answer ?? {}) as {
		vulnerabilities?: Readonly<Record<string, { readonly severity?: string }>>;
		message?: string;
	};
	if (typeof vulnerabilities !== "object") {
		return { kind: "unanswered", why: message ?? "npm named no vulnerabilities, not even none" };
	}
	const weaknesses = Object.entries(vulnerabilities)
		.filter(([name]) => SHIPPED_PACKAGES.includes(name))
		.map(([name, { severity }]) => `${name}: ${severity ?? "of unknown severity"}`);
	return weaknesses.length > 0 ? { kind: "weak", weaknesses } : { kind: "clean" };
}
