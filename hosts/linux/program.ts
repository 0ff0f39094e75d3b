// What the program around the engine does for script: arguments, output, the end, and figures of
// the heap.

/** Live and highest figures of the engine's heap. */
export interface EngineMemory {
	readonly chunkBytes: number;
	readonly chunkBytesPeak: number;
	readonly slotCount: number;
	readonly slotCountPeak: number;
	/** Bytes of one slot: 16 where pointers have 32 bits, else 32. */
	readonly slotBytes: number;
	/** Live when the heap was sealed, like what lies in flash on the chip; 0 before. */
	readonly chunkBytesBase: number;
	readonly slotCountBase: number;
}

export const program = {
	/** What stood behind the module on the command line. */
	get arguments(): readonly string[] {
		const found: string[] = [];
		for (let index = 0; ; index++) {
			const one = native("xs_host_argument").call(undefined, index) as string | undefined;
			if (one === undefined) return found;
			found.push(one);
		}
	},

	/** How many times the program has started since its power came. */
	get boot(): number {
		return native("xs_host_boot").call(undefined);
	},

	monotonicMs(): number {
		return native("xs_host_monotonic_ms").call(undefined);
	},

	/** A line on standard output. */
	print(line: string): void {
		native("xs_host_print").call(undefined, line);
	},

	/** A line on standard error. */
	trace(line: string): void {
		native("xs_host_trace").call(undefined, line);
	},

	/** Calls back with each line of standard input, and with `undefined` at its end. */
	listen(onLine: (line: string | undefined) => void): void {
		native("xs_host_listen").call(undefined, onLine);
	},

	/** Ends the program at once. */
	exit(code: number): void {
		native("xs_host_exit").call(undefined, code);
	},

	/** For the C of modules. `name` begins with HOLDFAST_. */
	setVariable(name: string, value: string): void {
		native("xs_host_set_variable").call(undefined, name, value);
	},

	/** Makes a folder and those above it. False where that cannot be. */
	makeFolder(path: string): boolean {
		return native("xs_host_make_folder").call(undefined, path);
	},

	/** Everything is loaded: from now on the heap is as small as the chip's. */
	seal(): void {
		native("xs_host_seal").call(undefined);
	},

	memory(options: { isCollecting: boolean }): EngineMemory {
		return native("xs_host_memory").call(undefined, options.isCollecting);
	},
};
