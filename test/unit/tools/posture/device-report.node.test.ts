import { POSTURE_FACTS } from "../../../../src/posture-facts.js";
import { judgeReport } from "../../../../tools/posture/device-report.js";

const answer = (detail: unknown) => JSON.stringify({ kind: "answered", outcome: "done", detail });
const unsafe = (detail: unknown) => {
	return judgeReport(answer(detail)).flatMap(({ fact, isSafe }) => (isSafe ? [] : [fact]));
};

describe("judgeReport", () => {
	it("finds nothing against a device that is as it should be", () => {
		expect(unsafe({ host: "esp32c3", uptimeMs: 5, ...POSTURE_FACTS })).toEqual([]);
	});

	it("names each fact that is otherwise, that is another thing, or that is not told", () => {
		for (const [fact, safe] of Object.entries(POSTURE_FACTS)) {
			for (const value of [!safe, String(safe), undefined]) {
				expect(unsafe({ ...POSTURE_FACTS, [fact]: value })).toEqual([fact]);
			}
		}
	});

	it("refuses what is no report", () => {
		for (const text of ["null", "[]", "{}", answer(undefined), answer("x")]) {
			expect(() => judgeReport(text)).toThrow("no report");
		}
		expect(() => judgeReport('{"kind":"no-answer"}')).toThrow("no report");
		expect(() => judgeReport("")).toThrow("not JSON");
	});
});
