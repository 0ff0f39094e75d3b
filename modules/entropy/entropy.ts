// Random bytes fit for keys, from the platform's generator.
export class Entropy extends Native("xs_entropy_destructor") {
	constructor() {
		super();
		native("xs_entropy_constructor").call(this);
	}

	/** Fills all of `bytes`. */
	fill(bytes: Uint8Array): void {
		return native("xs_entropy_fill").call(this, bytes);
	}
}
