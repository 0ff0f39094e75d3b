// Waiting in tests that run on the XS host.
import { LinuxTimer } from "../../hosts/linux/linux-timer.js";

const STEP_MS = 2;
const WAIT_MS_MAX = 10_000;
const timer = new LinuxTimer();

export function settle(ms = 20): Promise<void> {
	return new Promise((done) => void timer.set(done, ms));
}

export async function until(isDone: () => boolean): Promise<void> {
	for (let waited = 0; !isDone(); waited += STEP_MS) {
		if (waited > WAIT_MS_MAX) throw new Error("waited in vain");
		await settle(STEP_MS);
	}
}
