// What a simulated board leaves the factory with: trust in the world's authority, a certificate of
// its own, and the default policy.

import type { Configuration } from "../../src/credentials/configuration.js";
import { DEFAULT_RULES, encodeRules } from "../../src/policy/rules.js";
import type { SimulatedBoard } from "./board.js";
import { authorityDER, CHAIN_BYTES, certificateDER } from "./tls-certificate.js";

/** The authority that signs for brokers and boards, unless a test says otherwise. */
export const WORLD_AUTHORITY = "world";
export const BROKER_HOST = "broker.example";
export const BROKER_PORT = 8883;
const TEN_YEARS_S = 315_360_000;

export function boardConfiguration(
	board: SimulatedBoard,
	changes: Partial<Configuration>,
): Configuration {
	const { world, name, options } = board;
	const { startUnixSeconds } = world;
	const keyName = changes.keyName ?? "tls-0";
	const publicKey = board.keyStore.publicKey(keyName) as ArrayBuffer;
	const certificate = certificateDER({
		authority: WORLD_AUTHORITY,
		names: [changes.deviceId ?? name],
		notBefore: startUnixSeconds - TEN_YEARS_S,
		notAfter: startUnixSeconds + TEN_YEARS_S,
		keyPin: new Uint8Array(board.crypto.sha256(publicKey)),
		chainBytes: CHAIN_BYTES,
	});
	return {
		version: 1,
		deviceId: name,
		servers: [{ host: BROKER_HOST, port: BROKER_PORT }],
		authorities: [authorityDER(WORLD_AUTHORITY)],
		pins: [],
		certificates: [certificate],
		keyName,
		authentication: { kind: "certificate" },
		operators: [],
		policy: encodeRules(DEFAULT_RULES),
		sampleIntervalMs: options.sampleIntervalMs ?? 60_000,
		keepAliveS: 60,
		link: {},
		time: startUnixSeconds - 3600,
		...changes,
	};
}
