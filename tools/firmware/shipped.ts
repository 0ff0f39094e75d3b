// What is in an image besides our own code, with versions: its bill of materials, in CycloneDX.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Toolchain } from "./toolchain.js";

/** npm packages in device.js: its packet writer imports one, and the tidy tests let in no other. */
export const SHIPPED_PACKAGES: readonly string[] = ["mqtt-packet"];

export interface Component {
	readonly type: "library" | "framework";
	readonly "bom-ref": string;
	readonly name: string;
	readonly version: string;
	readonly purl: string;
	readonly [field: string]: unknown;
}

interface Bill {
	readonly metadata: { readonly component: Component; readonly [field: string]: unknown };
	readonly components: readonly Component[];
	readonly [field: string]: unknown;
}

/** What could not be told, and is told so. */
const UNKNOWN = "unknown";

/**
 * The bill of `npm sbom`, without what does not ship and with what npm does not know. Throws an
 * Error when npm fails.
 */
export function billOfMaterials(root: string, toolchain: Toolchain, project: string): Bill {
	const words = ["sbom", "--sbom-format=cyclonedx", "--package-lock-only", "--omit=dev"];
	const { status, stdout, stderr, error } = spawnSync("npm", words, {
		cwd: root,
		encoding: "utf8",
		maxBuffer: 64 * 1024 * 1024,
	});
	if (error || status !== 0) {
		throw new Error(`npm sbom failed: ${error?.message ?? stderr.trim()}`);
	}
	return shippedBill(JSON.parse(stdout) as Bill, nativeComponents(toolchain, project));
}

/** Keeps what ships of a bill of the whole project, and adds `natives`. */
export function shippedBill(bill: Bill, natives: readonly Component[]): Bill {
	const packages = bill.components.filter(({ name }) => SHIPPED_PACKAGES.includes(name));
	const missing = SHIPPED_PACKAGES.filter((name) => !packages.some((found) => found.name === name));
	if (missing.length > 0) throw new Error(`npm sbom does not name ${missing.join(", ")}`);
	const components = [...packages, ...natives];
	const product = { ...bill.metadata.component, type: "firmware", name: "holdfast" };
	return {
		...bill,
		metadata: { ...bill.metadata, component: product as unknown as Component },
		components,
		dependencies: [
			{ ref: product["bom-ref"], dependsOn: components.map((component) => component["bom-ref"]) },
			...components.map((component) => ({ ref: component["bom-ref"], dependsOn: [] })),
		],
	};
}

/** What is linked to the bundle: versions as the folders on this machine state them. */
export function nativeComponents({ sdk, idf }: Toolchain, project: string): Component[] {
	const tls = join(idf.folder, "components/mbedtls/mbedtls/include/mbedtls/build_info.h");
	const lock = join(project, "dependencies.lock");
	const github = (type: Component["type"], name: string, version: string, path: string) =>
		component(type, name, version, `pkg:github/${path}@${version}`);
	return [
		github("framework", "Moddable SDK and XS", sdk.version, "moddable-opensource/moddable"),
		github("framework", "ESP-IDF", `v${idf.version}`, "espressif/esp-idf"),
		github(
			"library",
			"mbedtls",
			read(tls, /MBEDTLS_VERSION_STRING\s+"([^"]+)"/),
			"Mbed-TLS/mbedtls",
		),
		component(
			"library",
			"libsodium",
			read(lock, /espressif\/libsodium:[\s\S]*?\n {4}version: '?([\w.~-]+)/),
			"pkg:generic/espressif/libsodium",
		),
	];
}

function component(
	type: Component["type"],
	name: string,
	version: string,
	purl: string,
): Component {
	return { type, "bom-ref": `${name}@${version}`, name, version, purl };
}

function read(file: string, pattern: RegExp): string {
	if (!existsSync(file)) return UNKNOWN;
	return pattern.exec(readFileSync(file, "utf8"))?.[1] ?? UNKNOWN;
}

/** Components whose version no file stated. */
export function unknownOf(bill: Bill): string[] {
	return bill.components.filter(({ version }) => version.includes(UNKNOWN)).map(({ name }) => name);
}
