// Entropy for tests of whole devices.

/** Not random at all: the same in every run. */
export function counting(start: number): { fill(bytes: Uint8Array): void } {
	let next = start;
	return {
		fill: (bytes) => {
			for (let index = 0; index < bytes.length; index++) bytes[index] = next++ & 0xff;
		},
	};
}
