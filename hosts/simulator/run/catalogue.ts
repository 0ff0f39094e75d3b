// All faults by their names. Not modelled: radio as such, a processor that computes wrong, flash
// bits that read differently each time, and anything inside the C libraries.

import type { FaultFamily, FaultKind } from "./fault.js";
import { BROKER_FAULTS } from "./faults-broker.js";
import { BOARD_FAULTS } from "./faults-board.js";
import { ATTACKS } from "./faults-attack.js";
import { NETWORK_FAULTS } from "./faults-network.js";
import { STORAGE_FAULTS } from "./faults-storage.js";
import { SURROUNDINGS_FAULTS } from "./faults-surroundings.js";
import { TLS_FAULTS } from "./faults-tls.js";

export const CATALOGUE: readonly FaultKind[] = Object.freeze([
	...NETWORK_FAULTS,
	...SURROUNDINGS_FAULTS,
	...TLS_FAULTS,
	...BROKER_FAULTS,
	...BOARD_FAULTS,
	...STORAGE_FAULTS,
	...ATTACKS,
]);

const byName = new Map(CATALOGUE.map((kind) => [kind.name, kind]));

/** Throws a RangeError where there is no such kind: a plan of another version. */
export function kindNamed(name: string): FaultKind {
	const kind = byName.get(name);
	if (kind === undefined) throw new RangeError(`no such fault: ${name}`);
	return kind;
}

export function kindsOf(family: FaultFamily): readonly FaultKind[] {
	return CATALOGUE.filter((kind) => kind.family === family);
}
