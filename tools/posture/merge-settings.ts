// sdkconfig.defaults files laid over a template of the Moddable SDK, as its mcconfig does it
// (tools/mcmanifest.js, SDK 8.2.3): what a build will be configured from is known before it runs.

/**
 * The text that mcconfig writes as sdkconfig.mc. Comments of the additions are dropped, those of
 * the template stay; a value ends at a second "="; `n` over a line of the template empties it.
 */
export function mergeSettings(template: string, additions: readonly string[]): string {
	let merged = template;
	let hasAppended = false;
	for (const line of additions.flatMap((text) => text.split(/[\r\n]+/))) {
		if (line === "" || line.startsWith("#")) continue;
		const [name = "", value = ""] = line.split("=");
		const start = merged.indexOf(`${name}=`);
		if (start === -1) {
			merged += `${hasAppended ? "" : "\n"}${name}=${value}\n`;
			hasAppended = true;
			continue;
		}
		const from = start + name.length + 1;
		const rest = merged.slice(from);
		const length = rest.search(/[\r\n]/);
		const original = length === -1 ? rest : rest.slice(0, length);
		if (original === value) continue;
		merged = merged.slice(0, from) + (value === "n" ? "" : value) + rest.slice(original.length);
	}
	return merged;
}
