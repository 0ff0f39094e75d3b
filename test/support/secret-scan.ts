// Looks for planted secrets in whatever a program put out, in every form in which they could leak.

/** The forms of the `secrets` that occur in `output`, as "name (form)". Empty: nothing leaked. */
export function findSecrets(
	output: string | Uint8Array,
	secrets: Readonly<Record<string, string | Uint8Array>>,
): string[] {
	const haystack = Buffer.from(output);
	const lowerCase = Buffer.from(haystack.toString("latin1").toLowerCase(), "latin1");
	const found: string[] = [];
	for (const [name, secret] of Object.entries(secrets)) {
		const bytes = Buffer.from(secret);
		if (bytes.length < SECRET_BYTES_MIN) throw new RangeError(`secret ${name}: too short to find`);
		if (haystack.includes(bytes)) found.push(`${name} (plain)`);
		if (lowerCase.includes(bytes.toString("hex"))) found.push(`${name} (hex)`);
		if (haystack.includes(decimals(bytes))) found.push(`${name} (decimal list)`);
		for (const encoding of ["base64", "base64url"] as const) {
			if (base64Forms(bytes, encoding).some((form) => haystack.includes(form)))
				found.push(`${name} (${encoding})`);
		}
	}
	return found;
}

/** Shorter secrets would be found by chance. */
const SECRET_BYTES_MIN = 8;

/**
 * Base64 depends on where the secret begins in what was encoded: three forms, without their edges.
 */
function base64Forms(bytes: Buffer, encoding: "base64" | "base64url"): string[] {
	return [0, 1, 2].map((shift) => {
		const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString(encoding);
		return text.replaceAll("=", "").slice(shift === 0 ? 0 : shift + 1, -1);
	});
}

/** As `JSON.stringify` or `String` prints an array of bytes. */
function decimals(bytes: Buffer): string {
	return [...bytes].join(",");
}
