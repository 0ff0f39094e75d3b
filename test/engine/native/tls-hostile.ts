// Hostile arguments to every C function of the TLS socket, in any order, on sessions at any point
// of their life. The program's first argument is a seed. What it must not do is crash; the
// sanitizers' build sees more.
import { program } from "../../../hosts/linux/program.js";

const CALLS = 4000;
const NAMES =
	"add_authority add_certificate add_pin add_protocol set_key set_time set_fragment start";
const MORE =
	"input_room feed end step drain is_open is_resumed record_bytes record_overhead readable";
const names = `${NAMES} ${MORE} read write finish close`.split(" ");
const Base = Native("xs_tls_socket_destructor");
const nativeOf = Reflect.get(globalThis, "native") as (
	name: string,
) => (...given: unknown[]) => unknown;

let state = Number(program.arguments[0]) >>> 0;

/** Mulberry32, to 2³². */
function random(below: number): number {
	state = (state + 0x6d2b79f5) >>> 0;
	let mixed = Math.imul(state ^ (state >>> 15), state | 1);
	mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
	return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}

function created(): object {
	const session = new Base();
	nativeOf("xs_tls_socket_constructor").call(session, "broker.test", 8883);
	return session;
}

/** One of each kind, some of them of use. */
function value(session: object): unknown {
	const closing = { valueOf: () => nativeOf("xs_tls_socket_close").call(session) };
	const odd = [undefined, null, true, NaN, -1, 0.5, 1e300, Infinity, 2 ** 31, -0, 10n, Symbol("x")];
	const objects = [
		{},
		[],
		closing,
		session,
		created,
		new DataView(new ArrayBuffer(8)),
		new Date(0),
	];
	const fakes = [Object.create(Uint8Array.prototype), Object.create(ArrayBuffer.prototype)];
	const texts = ["", "x", "mqtt", "tls-0", "x".repeat(300), "\0", "\ud800"];
	const bytes = [new Uint8Array(random(2000)), new Uint8Array(32), new ArrayBuffer(random(100))];
	const views = [new Uint16Array(4), new Uint8Array(8).subarray(3), new Float64Array(1)];
	const all = [odd, objects, fakes, texts, bytes, views, [random(3000), 1, 512]];
	const kind = all[random(all.length)] as unknown[];
	return kind[random(kind.length)];
}

describe("the C functions of the TLS socket", () => {
	it("refuse what they cannot use, and survive the rest", () => {
		let session = created();
		let refused = 0;
		for (let call = 0; call < CALLS; call++) {
			const name = names[random(names.length)] as string;
			// Closed sessions teach little.
			const isClosing = name === "close" && random(10) > 0;
			const given = Array.from({ length: random(4) }, () => value(session));
			try {
				if (!isClosing) nativeOf(`xs_tls_socket_${name}`).apply(session, given);
			} catch (error) {
				refused++;
				expect(error instanceof Error).toBe(true);
			}
			if (random(40) === 0) session = created();
		}
		expect(refused).toBeGreaterThan(CALLS / 10);
		expect(refused).toBeLessThan(CALLS);
	});
});
