// Reads the declarations of test/support/idf: which headers of ESP-IDF they stand for, and the
// prototypes in them. Understands what is written there, no other C.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

const FOLDER = "test/support/idf";
/** Not ESP-IDF's: written by the SDK's build, or the other side of what is under test. */
const NOT_COMPARED = ["sdkconfig.h", "mbedtls/esp_config.h", "lwip/sockets.h", "esp_secure_boot.h"];

/** As C includes them: "driver/uart.h". */
export function declarationHeaders(root: string): string[] {
	return headersIn(root, "")
		.filter((name) => !name.startsWith("sdk/") && !NOT_COMPARED.includes(name))
		.sort();
}

/** The prototypes for `chip`, each on a line of its own. */
export function declaredFunctions(root: string, chip: string): string[] {
	return declarationHeaders(root).flatMap((name) => {
		const text = readFileSync(join(root, FOLDER, name), "utf8").replace(/\/\/.*$/gm, "");
		return prototypesIn(forChip(text, chip));
	});
}

function headersIn(root: string, folder: string): string[] {
	return readdirSync(join(root, FOLDER, folder), { withFileTypes: true }).flatMap((entry) => {
		const name = posix.join(folder, entry.name);
		return entry.isDirectory() ? headersIn(root, name) : [name];
	});
}

/** A type, a name, parameters and a semicolon; no macros and nothing inside of structures. */
function prototypesIn(text: string): string[] {
	const found = text.matchAll(/^(?!typedef|#)[a-z_][\w *()]*?\b\w+\([^;{}]*\);/gm);
	return [...found].map(([prototype]) => prototype.replace(/\s+/g, " "));
}

/** Without the branch of "#if defined(HOLDFAST_CHIP_ESP32) … #else … #endif" of other chips. */
function forChip(text: string, chip: string): string {
	const branches = /#if defined\(HOLDFAST_CHIP_ESP32\)\n(.*?)#else\n(.*?)#endif/gs;
	return text.replace(branches, (_, first: string, second: string) =>
		chip === "esp32" ? first : second,
	);
}
