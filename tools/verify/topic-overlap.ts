// Whether two topic filters have a topic in common.

/** Both filters must be valid. */
export function filtersOverlap(left: string, right: string): boolean {
	const leftLevels = left.split("/");
	const rightLevels = right.split("/");
	for (let index = 0; ; index++) {
		const one = leftLevels[index];
		const other = rightLevels[index];
		if (one === "#" || other === "#") return true; // the parent level too
		if (one === undefined || other === undefined) return one === other;
		if (one !== "+" && other !== "+" && one !== other) return false;
	}
}
