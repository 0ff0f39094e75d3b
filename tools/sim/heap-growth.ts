// What the heap of this process does while a device runs in it. What the simulator itself keeps in
// that time does not grow (hosts/simulator/run/offline.ts), so that a leak of the firmware shows.

const READINGS = 10_000;

/**
 * Bytes by which the heap may grow in so many readings. Two numbers of each that are kept make
 * 160 000; compiled code and its notes make some thousands in the first hours.
 */
export const HEAP_GROWTH_BYTES_MAX = 60_000;

/** Bytes in use after a collection; undefined where Node was not started with --expose-gc. */
export function collectedHeap(): number | undefined {
	const { gc } = globalThis as { gc?: () => void };
	if (gc === undefined) return undefined;
	// What the first finds to be finalized the second takes away.
	gc();
	gc();
	return process.memoryUsage().heapUsed;
}

/** Bytes in 10 000 readings, from the middle of the time to its end. */
export function heapGrowth({
	usedBytes,
	readingsMeasured,
}: {
	usedBytes: readonly number[];
	readingsMeasured: number;
}): number {
	const [, middle, , end] = usedBytes as [number, number, number, number];
	return ((end - middle) / readingsMeasured) * READINGS;
}
