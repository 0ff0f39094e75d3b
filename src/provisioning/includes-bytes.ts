// Finding one byte string in another. Public data only: the time depends on both.

export function includesBytes(bytes: Uint8Array, part: Uint8Array): boolean {
	for (let start = 0; start + part.length <= bytes.length; start++) {
		let length = 0;
		while (length < part.length && bytes[start + length] === part[length]) length++;
		if (length === part.length) return true;
	}
	return false;
}
