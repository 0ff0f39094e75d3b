import { FlashViolation, NORFlash } from "../../../hosts/simulator/flash.js";
import { PowerCut, PowerSupply } from "../../../hosts/simulator/power.js";

const zeros = (length: number): Uint8Array => new Uint8Array(length);

describe("NORFlash", () => {
	it("takes each unit once between erases, whole and aligned", () => {
		const flash = new NORFlash({ blocks: 2 }).open();
		flash.write(zeros(64), 32);
		expect(() => flash.write(zeros(32), 64)).toThrow(FlashViolation);
		expect(() => flash.write(zeros(32), 8)).toThrow(FlashViolation);
		expect(() => flash.write(zeros(16), 128)).toThrow(FlashViolation);
		flash.eraseBlock(0);
		flash.write(zeros(32), 64);
		expect(new Uint8Array(flash.read(1, 63))[0]).toBe(0xff);
		expect(new Uint8Array(flash.read(1, 64))[0]).toBe(0);
	});

	it("does nothing before, all after and some in the middle of a cut program", () => {
		const looks = new Set<string>();
		for (let seed = 0; seed < 40; seed++) {
			const power = new PowerSupply();
			const chip = new NORFlash({ blocks: 1, power });
			power.planCut({ operation: 1, manner: "torn", seed });
			const flash = chip.open();
			expect(() => flash.write(zeros(64), 0)).toThrow(PowerCut);
			expect(() => flash.read(1, 0)).toThrow(PowerCut);
			power.restore();
			looks.add(chip.image().subarray(0, 64).join());
			expect(chip.image()[64]).toBe(0xff);
			// Whatever it looks like, it was programmed.
			expect(() => chip.open().write(zeros(32), 0)).toThrow(FlashViolation);
		}
		expect(looks.size).toBeGreaterThan(20);
		for (const manner of ["before", "after"] as const) {
			const power = new PowerSupply();
			const chip = new NORFlash({ blocks: 1, power });
			power.planCut({ operation: 1, manner, seed: 0 });
			expect(() => chip.open().write(zeros(32), 0)).toThrow(PowerCut);
			expect(chip.image()[0]).toBe(manner === "before" ? 0xff : 0);
		}
	});

	it("requires a complete erase after a torn one, also where the block looks erased", () => {
		for (let seed = 0; seed < 20; seed++) {
			const power = new PowerSupply();
			const chip = new NORFlash({ blocks: 1, power });
			power.planCut({ operation: 1, manner: "torn", seed });
			expect(() => chip.open().eraseBlock(0)).toThrow(PowerCut);
			power.restore();
			expect(() => chip.open().write(zeros(32), 0)).toThrow(FlashViolation);
			chip.open().eraseBlock(0);
			chip.open().write(zeros(32), 0);
		}
	});

	it("counts wear, and fails with storage-worn where a block stands no more", () => {
		const chip = new NORFlash({ blocks: 2, erasesMax: 2 });
		const flash = chip.open();
		flash.eraseBlock(0, 2);
		flash.eraseBlock(0);
		expect(chip.erases).toEqual([2, 1]);
		expect(() => flash.eraseBlock(0)).toThrow("erase failed");
		expect(() => flash.write(zeros(32), 0)).toThrow("program failed");
		flash.write(zeros(32), 4096);
	});
});
