// The C files that the SDK compiles for the chip, by the manifests of modules, and the folders in
// which it looks for their headers. Reads manifests only; compiles nothing.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

type Names = string | readonly string[];

interface Section {
	readonly modules?: Readonly<Record<string, Names>>;
}

interface Manifest extends Section {
	readonly platforms?: Readonly<Record<string, Section | undefined>>;
}

export interface ModuleSources {
	/** Paths from the root of the project, sorted. */
	readonly sources: readonly string[];
	/** Folders below ESP-IDF's, as manifests name them: "$(IDF_PATH)/components/…". */
	readonly idfFolders: readonly string[];
}

/** Everything under `root`/modules that is compiled for `platform`: "esp32" or "lin". */
export function moduleSources(root: string, platform: string): ModuleSources {
	const sources = new Set<string>();
	const idfFolders = new Set<string>();
	for (const folder of moduleFolders(root)) {
		const manifest = readManifest(join(root, folder));
		const sections: (Section | undefined)[] = [manifest, manifest.platforms?.[platform]];
		for (const name of sections.flatMap((section) => namesOf(section?.modules))) {
			if (name.startsWith("$(IDF_PATH)")) idfFolders.add(name.replace(/\/$/, ""));
			for (const path of filesOf(root, posix.join(folder, name))) sources.add(path);
		}
	}
	return { sources: [...sources].sort(), idfFolders: [...idfFolders] };
}

/** Every C file under `root`/modules. */
export function allModuleSources(root: string): string[] {
	return moduleFolders(root)
		.flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
		.filter((path) => path.endsWith(".c"))
		.sort();
}

/** Folders of ours in which headers lie. */
export function headerFolders(root: string): string[] {
	return readdirSync(join(root, "modules"), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map(({ name }) => `modules/${name}`)
		.filter((folder) => readdirSync(join(root, folder)).some((name) => name.endsWith(".h")));
}

function moduleFolders(root: string): string[] {
	return readdirSync(join(root, "modules"))
		.map((name) => `modules/${name}`)
		.filter((folder) => existsSync(join(root, folder, "manifest.json")));
}

function readManifest(folder: string): Manifest {
	return JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
}

function namesOf(modules: Section["modules"]): string[] {
	return Object.values(modules ?? {}).flat();
}

/** mcconfig takes the script and the C of that name; a name that ends in "*" is all of a folder. */
function filesOf(root: string, name: string): string[] {
	if (!name.endsWith("/*")) return existsSync(join(root, `${name}.c`)) ? [`${name}.c`] : [];
	const folder = name.slice(0, -2);
	if (!existsSync(join(root, folder))) return [];
	return readdirSync(join(root, folder))
		.filter((file) => file.endsWith(".c"))
		.map((file) => `${folder}/${file}`);
}
