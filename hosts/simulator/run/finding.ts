// What a checker found wrong in a life. The first one ends the life.

export interface Finding {
	/** Stable name of the promise that was broken; a shrinker looks for the same one. */
	readonly checker: string;
	readonly atMs: number;
	/** The device, where it is one's. */
	readonly device?: string;
	readonly what: string;
}
