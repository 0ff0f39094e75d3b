// Six projects: unit (the files of src, one by one), simulation (the deterministic world),
// integration (other people's software), engine (XS and native code), attack (a hostile broker),
// tidy (the repository itself).

const common = {
	extensionsToTreatAsEsm: [".ts"],
	resolver: "<rootDir>/test/support/jest-resolver.cjs",
	testEnvironment: "node",
	transform: {
		"\\.ts$": ["ts-jest", { useESM: true, tsconfig: "tsconfig.node.json", diagnostics: false }],
	},
};

/**
 * mqtt-packet over the stand-ins of the firmware bundle. Not where brokers run, which need all of
 * it.
 */
const standIns = {
	transform: {
		...common.transform,
		"/node_modules/mqtt-packet/": "<rootDir>/test/support/mqtt-packet-transform.cjs",
	},
	transformIgnorePatterns: ["/node_modules/(?!mqtt-packet/)"],
};

function project(name) {
	return {
		...common,
		...((name === "unit" || name === "simulation") && standIns),
		displayName: name,
		testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
	};
}

export default {
	maxWorkers: 2,
	testTimeout: 60_000,
	projects: ["unit", "simulation", "integration", "engine", "attack", "tidy"].map(project),
};
