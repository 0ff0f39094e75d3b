// The checklist of ECMA-419 conduct for the USB serial port of the XS host. At the other end of its
// pseudo-terminal is test/engine/native.test.ts, which sends everything back in capitals.
import { program } from "../../../hosts/linux/program.js";
import { USBSerial, type USBSerialOptions } from "../../../modules/usb-serial/usb-serial.js";
import { settle, until } from "../../support/engine-wait.js";
import { latin1 } from "../../support/latin1.js";

const WRITE_BYTES = 128;

function open(options: USBSerialOptions = {}) {
	const events: string[] = [];
	const port = new USBSerial({
		onReadable: (count) => events.push(`readable ${count}`),
		onWritable: (count) => events.push(`writable ${count}`),
		...options,
	});
	return { port, events };
}

describe("USBSerial", () => {
	it("constructor-invalid, and one port at a time", () => {
		expect(() => new USBSerial(undefined as never)).toThrow(TypeError);
		expect(() => new USBSerial({ onReadable: 1 } as never)).toThrow("onReadable");
		expect(() => new USBSerial({ onWritable: null } as never)).toThrow("onWritable");
		const { port } = open();
		expect(() => new USBSerial({})).toThrow("in use");
		port.close();
	});

	it("tells of room later, and not after close", async () => {
		const { port, events } = open();
		expect(events).toEqual([]);
		await until(() => events.length > 0);
		expect(events).toEqual([`writable ${WRITE_BYTES}`]);
		port.close();
		const closed = open();
		closed.port.close();
		await settle();
		expect(closed.events).toEqual([]);
	});

	it("carries bytes both ways, also those that no text has", async () => {
		const { port, events } = open();
		port.write(Uint8Array.of(0, 3, 4, 10, 13, 17, 19, 26, 127, 255, 97));
		await until(() => events.some((event) => event.startsWith("readable")));
		await settle();
		const answer = new Uint8Array(port.read() as ArrayBuffer);
		expect(answer).toEqual(Uint8Array.of(0, 3, 4, 10, 13, 17, 19, 26, 127, 255, 65));
		expect(port.read()).toBeUndefined();
		port.close();
	});

	it("write-overflow: takes all or throws", async () => {
		const { port, events } = open();
		expect(() => port.write(new Uint8Array(WRITE_BYTES + 1))).toThrow(RangeError);
		port.write(new Uint8Array(WRITE_BYTES));
		expect(() => port.write(latin1("x"))).toThrow(RangeError);
		await until(() => events.includes(`writable ${WRITE_BYTES}`));
		port.write(latin1("x"));
		port.close();
	});

	it("read: gives at most what there is", async () => {
		await settle(50);
		const { port, events } = open();
		await settle(50);
		port.read();
		events.length = 0;
		port.write(latin1("abc"));
		await until(() => events.includes("readable 3"));
		expect(new Uint8Array(port.read(1) as ArrayBuffer)).toEqual(latin1("A"));
		expect(new Uint8Array(port.read(9) as ArrayBuffer)).toEqual(latin1("BC"));
		port.close();
	});

	it("close-twice, use-after-close, invalid-receiver", () => {
		const { port } = open();
		port.close();
		port.close();
		expect(() => port.read()).toThrow();
		expect(() => port.write(latin1("x"))).toThrow();
		const { read, write, close } = USBSerial.prototype;
		for (const receiver of [{}, undefined, null, 1, new Uint8Array(4)]) {
			expect(() => read.call(receiver as never)).toThrow();
			expect(() => write.call(receiver as never, latin1("x"))).toThrow();
			expect(() => close.call(receiver as never)).toThrow();
		}
	});

	it("close inside its own callbacks", async () => {
		let calls = 0;
		const { port } = open({
			onWritable: () => {
				calls++;
				port.close();
			},
		});
		await until(() => calls > 0);
		program.memory({ isCollecting: true });
		await settle();
		expect(calls).toBe(1);
	});
});
