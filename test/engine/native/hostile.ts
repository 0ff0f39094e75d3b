// Random calls with hostile arguments into native classes: an exception is fine, anything else is
// not. The program's arguments are a folder for what survives, a seed, how many calls, and
// "planted" where a native with a planted fault is among the targets.
import { program } from "../../../hosts/linux/program.js";
import { TCP } from "../../../hosts/linux/tcp.js";
import { Random } from "../../../hosts/simulator/random.js";
import { crypto } from "../../../modules/crypto/crypto.js";
import { Entropy } from "../../../modules/entropy/entropy.js";
import { flashPartitions } from "../../../modules/flash-partition/flash-partition.js";
import { KeyStore } from "../../../modules/key-store/key-store.js";
import { nvs } from "../../../modules/nvs/nvs.js";
import { TLSSocket } from "../../../modules/tls-socket/tls-socket.js";

const [folder, seed, calls, planted] = program.arguments as [string, string, string, string?];
program.setVariable("HOLDFAST_STATE", folder);
program.setVariable("HOLDFAST_FLASH_KIB", "16");
program.setVariable("HOLDFAST_FLASH_SYNC", "none");

type Method = (...values: unknown[]) => unknown;
type Constructor = new (options: unknown) => object;

const random = new Random(Number(seed));
const constructors = [TCP, Entropy, KeyStore, TLSSocket] as unknown as Constructor[];
const OPTIONS = ["path", "format", "mode", "address", "port", "TCP", "io", "secure", "onError"];

/** Says that it has more bytes than anybody gave it. */
function liar(object: object): object {
	return Object.defineProperty(object, "byteLength", { value: random.integer(0, 100_000) });
}

/** Script that runs in the middle of a call: everything that can move is moved. */
function moving(value: unknown): object {
	const move = () => {
		program.memory({ isCollecting: true });
		return value;
	};
	return { valueOf: move, toString: move, [Symbol.toPrimitive]: move };
}

function options(): object {
	const found = {};
	for (const name of OPTIONS) {
		if (random.oneIn(3)) continue;
		const value = hostile();
		const isGetter = random.oneIn(4);
		const get = () => (program.memory({ isCollecting: true }), value);
		Object.defineProperty(found, name, isGetter ? { get } : { value, enumerable: true });
	}
	return random.oneIn(20) ? new Proxy(found, {}) : found;
}

const makers: readonly (() => unknown)[] = [
	() => random.pick([undefined, null, true, false]),
	() => random.pick([0, -0, 1, -1, 15, 16, 31, 32, 33, 64, 4096, 8000, 8001, 16_384]),
	() => random.pick([NaN, Infinity, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31), 1e300]),
	() => random.pick(["", "key", "r", "r+", "w", "buffer", "outbox", "P-256", "Ed25519", "\0"]),
	() => "x".repeat(random.pick([15, 16, 64, 65, 255, 4096, 100_000])),
	() => random.pick(["\ud800", "é", "127.0.0.1", Symbol("x"), 1n, 2n ** 70n]),
	() => new Uint8Array(random.pick([0, 1, 31, 32, 33, 64, 65, 4096, 8000, 8001, 50_000])),
	() => new Uint8Array(96).subarray(random.integer(0, 96)),
	() => new ArrayBuffer(random.pick([0, 1, 32, 64, 8001])),
	() => random.pick([new Float64Array(4), new DataView(new ArrayBuffer(9)), new Uint16Array(3)]),
	() => random.pick([{}, [], () => 1, new Error("x"), Object.create(null), /x/, new Date(0)]),
	() => liar(random.pick<() => object>([() => new KeyStore(), () => ({}), () => new Entropy()])()),
	() => Object.setPrototypeOf(liar(new KeyStore()), ArrayBuffer.prototype),
	() => Object.setPrototypeOf(liar({}), Uint8Array.prototype),
	() => moving(random.pick<unknown>(["key", 32, "outbox", null])),
	options,
];

function hostile(): unknown {
	return random.pick(makers)();
}

/** A method as any other, and a mistake in its C. */
const faulty = {
	copy(bytes: unknown): void {
		native("xs_planted_copy").call(this, bytes);
	},
};

function target(): object {
	const path = "hf-test";
	if (planted && random.oneIn(8)) return faulty;
	return random.pick<() => object>([
		() => crypto,
		() => nvs,
		() => flashPartitions,
		() => nvs.open({ path, format: "buffer", mode: random.pick(["r", "r+"]) }),
		() => flashPartitions.open({ path: "outbox" }),
		() => new KeyStore(),
		() => new Entropy(),
	])();
}

function methodsOf(object: object): Method[] {
	const hasOwn = object === faulty || Object.isFrozen(object);
	const owner = hasOwn ? object : (Object.getPrototypeOf(object) as object);
	const names = Reflect.ownKeys(owner).filter((name) => name !== "constructor");
	return names.map((name) => Reflect.get(owner, name) as Method);
}

function call(): void {
	if (random.oneIn(4)) {
		new (random.pick(constructors))(random.oneIn(3) ? hostile() : options());
		return;
	}
	const object = target();
	const receiver = random.oneIn(10) ? hostile() : object;
	const values = Array.from({ length: random.integer(0, 4) }, hostile);
	Reflect.apply(random.pick(methodsOf(object)), receiver, values);
}

describe("native classes", () => {
	it("throw or answer, whatever they are given", () => {
		let thrown = 0;
		for (let count = 0; count < Number(calls); count++) {
			try {
				call();
			} catch (error) {
				if (!(error instanceof Error)) throw error;
				thrown++;
			}
		}
		expect(thrown).toBeGreaterThan(Number(calls) / 10);
		expect(thrown).toBeLessThan(Number(calls));
	});

	it("work afterwards", () => {
		const keys = new KeyStore();
		for (const name of ["key", "r", "r+", "w", "P-256"]) keys.erase(name);
		keys.generate("sound", "Ed25519");
		const message = new Uint8Array(100);
		const signature = keys.sign("sound", message);
		const publicKey = keys.publicKey("sound") as ArrayBuffer;
		expect(crypto.ed25519Verify(publicKey, message, signature)).toBe(true);
	});
});
