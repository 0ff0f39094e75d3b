// The seed of a random test: HOLDFAST_SEED replays a run, otherwise each run has a new one. The
// test prints it before it uses it.

export function chosenSeed(): number {
	const given = process.env.HOLDFAST_SEED;
	if (given === undefined) return Math.floor(Math.random() * 0x1_0000_0000);
	const seed = Number(given);
	if (!Number.isInteger(seed)) throw new RangeError(`HOLDFAST_SEED: "${given}" is no integer`);
	return seed >>> 0;
}
