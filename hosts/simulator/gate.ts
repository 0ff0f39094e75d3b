// The way from the simulated world into the program on a board. What a boot was going to do ends
// with the boot: a closed gate lets nothing through.

/** One per boot of a board. Nothing goes in any more once the boot has ended. */
export interface Gate {
	/** Lets the world call the program. An exception of the program ends its boot, not the world. */
	run(callback: () => void): void;
	/** The same, `delayMs` from now. The answer cancels it. */
	after(delayMs: number, callback: () => void): () => void;
	/** What the boot takes along when it ends. The answer forgets it again. */
	onEnd(callback: () => void): () => void;
}
