// On XS a private method holds the object of its class that was made last. The build makes ordinary
// ones of them (tools/plain-methods.js), or a whole connection would lie in memory beside the next.

import { engine } from "../support/engine.js";

describe("a connection that has ended", () => {
	engine.it("is no longer in memory", async () => {
		const file = "test/engine/scripts/ended-connection.ts";
		const { lines, code } = await engine.run(engine.script("ended-connection", file));
		expect(code).toBe(0);
		const [before = 0, during = 0, after = 0] = JSON.parse(lines.at(-1) ?? "[]") as number[];
		expect(during - before).toBeGreaterThan(500);
		expect(after - before).toBeLessThan(50);
	});
});
