import { VirtualKeyValue } from "../../../hosts/simulator/key-value.js";
import { PowerCut, PowerSupply, type CutManner } from "../../../hosts/simulator/power.js";
import { CommandLedger } from "../../../src/command/command-ledger.js";
import { COMMAND_LEDGER_OPERATORS_MAX } from "../../../src/limits.js";

const PATH = "hf-cmd";
const ALICE = "0123456789abcdef";
const BOB = "fedcba9876543210";

function open(storage: VirtualKeyValue, operators: string[] = [ALICE, BOB]): CommandLedger {
	return new CommandLedger(storage.open({ path: PATH, format: "buffer" }), operators);
}

function operator(number: number): string {
	return `${100 + number}0000000000000`;
}

describe("CommandLedger", () => {
	it("knows nothing of an operator at first", () => {
		expect(open(new VirtualKeyValue()).lastSequence(ALICE)).toBeUndefined();
	});

	it("keeps each operator's newest sequence across restarts", () => {
		const storage = new VirtualKeyValue();
		expect(open(storage).record(ALICE, 5)).toBe("recorded");
		expect(open(storage).record(BOB, Number.MAX_SAFE_INTEGER)).toBe("recorded");
		expect(open(storage).record(ALICE, 6)).toBe("recorded");
		expect(open(storage).lastSequence(ALICE)).toBe(6);
		expect(open(storage).lastSequence(BOB)).toBe(Number.MAX_SAFE_INTEGER);
	});

	it("never goes back, and writes nothing for a replay", () => {
		const storage = new VirtualKeyValue();
		const ledger = open(storage);
		ledger.record(ALICE, 5);
		const { writes } = storage;
		expect(ledger.record(ALICE, 5)).toBe("replayed");
		expect(ledger.record(ALICE, 4)).toBe("replayed");
		expect(ledger.lastSequence(ALICE)).toBe(5);
		expect(storage.writes).toBe(writes);
	});

	it("refuses an operator whose entry cannot be read", () => {
		const storage = new VirtualKeyValue();
		open(storage).record(ALICE, 5);
		const [[place]] = storage.contents() as [[string, Uint8Array]];
		storage.plant(PATH, place.slice(PATH.length + 1), Uint8Array.of(1, 2, 3));
		expect(open(storage).lastSequence(ALICE)).toBe(Number.MAX_SAFE_INTEGER);
		expect(open(storage).record(ALICE, 6)).toBe("replayed");
	});

	it("says that storage is full, and spends nothing", () => {
		const ledger = open(new VirtualKeyValue({ capacityBytes: 0 }));
		expect(ledger.record(ALICE, 5)).toBe("storage-full");
		expect(ledger.lastSequence(ALICE)).toBeUndefined();
	});

	it("forgets retired operators when there are too many, and never those of now", () => {
		const storage = new VirtualKeyValue();
		open(storage).record(ALICE, 5);
		for (let number = 1; number < COMMAND_LEDGER_OPERATORS_MAX; number++) {
			open(storage, [operator(number)]).record(operator(number), 1);
		}
		expect(storage.contents()).toHaveLength(COMMAND_LEDGER_OPERATORS_MAX);
		expect(open(storage).record(BOB, 1)).toBe("recorded");
		expect(open(storage).lastSequence(ALICE)).toBe(5);
		expect(open(storage).lastSequence(operator(1))).toBeUndefined();
		expect(storage.contents()).toHaveLength(2);
	});

	it("is durable before it returns: a power cut leaves the old sequence or the new one", () => {
		for (const manner of ["before", "torn", "after"] as CutManner[]) {
			for (let seed = 1; seed <= 4; seed++) {
				const power = new PowerSupply();
				const storage = new VirtualKeyValue({ power });
				open(storage).record(ALICE, 5);
				power.planCut({ operation: power.operations + 1, manner, seed });
				expect(() => open(storage).record(ALICE, 6)).toThrow(PowerCut);
				power.restore();
				const last = open(storage).lastSequence(ALICE);
				expect(last === 5 || last === 6).toBe(true);
				expect(open(storage).record(ALICE, 7)).toBe("recorded");
			}
		}
	});

	it("throws for sequences and operators that no envelope has", () => {
		const ledger = open(new VirtualKeyValue());
		expect(() => ledger.record(ALICE, 0)).toThrow();
		expect(() => ledger.record(ALICE, 1.5)).toThrow();
		expect(() => ledger.record("alice", 1)).toThrow();
	});
});
