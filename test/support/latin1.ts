// Text as bytes in tests, one byte for each character below 256.
export function latin1(characters: string): Uint8Array {
	return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
