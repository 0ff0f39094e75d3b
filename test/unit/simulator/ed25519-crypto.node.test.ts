// Lives that sign for real: the same firmware, the same checkers, Ed25519 by Node.

import { runLife } from "../../../hosts/simulator/run/life.js";
import { drawPlan } from "../../../hosts/simulator/run/plan.js";
import { nodeEd25519 } from "../../../tools/sim/node-ed25519.js";
import { nodeParts } from "../../../tools/sim/node-parts.js";

const SEED = 100;

function counted() {
	const ed25519 = nodeEd25519();
	const calls = { sign: 0, verify: 0, refused: 0 };
	return {
		calls,
		ed25519: {
			...ed25519,
			sign: (seed: Uint8Array, message: Uint8Array) => {
				calls.sign++;
				return ed25519.sign(seed, message);
			},
			verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => {
				calls.verify++;
				const isGood = ed25519.verify(key, message, signature);
				if (!isGood) calls.refused++;
				return isGood;
			},
		},
	};
}

describe("a simulated life with real Ed25519", () => {
	it("is every hundredth, and signs and verifies with it", () => {
		const { calls, ed25519 } = counted();
		const plan = drawPlan({ seed: SEED, profile: "attack", days: 0.1 });
		expect(plan.options.hasRealKeys).toBe(true);
		const { finding, statistics } = runLife(plan, nodeParts({ ed25519 }));
		expect(finding).toBeUndefined();
		const { readingsAccepted, readingsDelivered } = statistics.counts;
		expect(readingsDelivered).toBeGreaterThan(100);
		expect(calls.sign).toBeGreaterThan(readingsAccepted);
		expect(calls.verify).toBeGreaterThan(readingsDelivered);
	});

	it("does not happen with any other seed", () => {
		const { calls, ed25519 } = counted();
		const plan = drawPlan({ seed: SEED + 1, profile: "calm", days: 0.02 });
		expect(runLife(plan, nodeParts({ ed25519 })).finding).toBeUndefined();
		expect(calls).toEqual({ sign: 0, verify: 0, refused: 0 });
	});
});

describe("Ed25519 of Node for simulated worlds", () => {
	it("makes the keys and signatures of RFC 8032, section 7.1, test 2", () => {
		const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
		const seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
		const publicKey = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
		const signature = hex(
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
				"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		);
		const operations = nodeEd25519();
		expect(operations.publicKey(seed)).toEqual(publicKey);
		expect(operations.sign(seed, hex("72"))).toEqual(signature);
		expect(operations.verify(publicKey, hex("72"), signature)).toBe(true);
		expect(operations.verify(publicKey, hex("73"), signature)).toBe(false);
	});
});
