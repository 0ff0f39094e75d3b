// The one network of this board: what carries its sockets. Cutting it is pulling the antenna: open
// connections fall silent instead of closing, and new ones fail.

/** Something that needs the network: a socket, the link. */
export interface NetworkMember {
	onCut(): void;
	onRestored(): void;
}

export class Network {
	readonly #members = new Set<NetworkMember>();
	#isUp = true;

	get isUp(): boolean {
		return this.#isUp;
	}

	/** Tells `member` of every change until the returned function is called. */
	join(member: NetworkMember): () => void {
		this.#members.add(member);
		return () => {
			this.#members.delete(member);
		};
	}

	cut(): void {
		if (!this.#isUp) return;
		this.#isUp = false;
		for (const member of [...this.#members]) member.onCut();
	}

	restore(): void {
		if (this.#isUp) return;
		this.#isUp = true;
		for (const member of [...this.#members]) member.onRestored();
	}
}
