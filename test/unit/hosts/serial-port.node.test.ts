// The checklist of ECMA-419 conduct for the device's serial port.
import { NodeSerialPort, type SerialWire } from "../../../hosts/node/serial-port.js";
import { SERIAL_WRITE_BYTES } from "../../../src/limits.js";
import { settle } from "../../support/socket-log.js";

interface RecordingWire extends SerialWire {
	readonly sent: Buffer[];
}

function newWire(): RecordingWire {
	const sent: Buffer[] = [];
	return { sent, send: (bytes) => sent.push(Buffer.from(bytes)), listener: undefined };
}

describe("NodeSerialPort", () => {
	it("constructor: ignores unknown options and leaves its options alone", async () => {
		const events: string[] = [];
		const onWritable = (byteLength: number) => events.push(`writable ${byteLength}`);
		const wire = newWire();
		const port = new NodeSerialPort(Object.freeze({ wire, onWritable, baud: 115200 }));
		expect(events).toEqual([]);
		await settle();
		expect(events).toEqual([`writable ${SERIAL_WRITE_BYTES}`]);
		port.close();
	});

	it("constructor-invalid: names the wrong option, and is one port per wire", () => {
		const wire = newWire();
		expect(() => new NodeSerialPort({ wire, onReadable: 1 as never })).toThrow("onReadable");
		expect(() => new NodeSerialPort({ wire, onWritable: "x" as never })).toThrow("onWritable");
		expect(() => new NodeSerialPort({ wire: undefined as never })).toThrow("wire");
		expect(() => new NodeSerialPort(undefined as never)).toThrow(TypeError);
		const port = new NodeSerialPort({ wire });
		expect(() => new NodeSerialPort({ wire })).toThrow("in use");
		port.close();
		new NodeSerialPort({ wire }).close();
	});

	it("format: reads what came, all or part, as ArrayBuffer", () => {
		const wire = newWire();
		const readable: number[] = [];
		const port = new NodeSerialPort({
			wire,
			onReadable: (byteLength) => readable.push(byteLength),
		});
		expect(port.read()).toBeUndefined();
		wire.listener?.onReceived(Buffer.from("ab"));
		wire.listener?.onReceived(Buffer.from("cde"));
		expect(readable).toEqual([2, 5]);
		expect(Buffer.from(port.read(3) as ArrayBuffer).toString()).toBe("abc");
		expect(Buffer.from(port.read() as ArrayBuffer).toString()).toBe("de");
		expect(port.read()).toBeUndefined();
		port.write(Uint8Array.of(1));
		port.write(Uint8Array.of(2).buffer);
		expect(() => port.write("3" as never)).toThrow(TypeError);
		expect(Buffer.concat(wire.sent)).toEqual(Buffer.of(1, 2));
	});

	it("write-overflow: takes all or throws, and tells when there is room again", () => {
		const wire = newWire();
		const writable: number[] = [];
		const port = new NodeSerialPort({
			wire,
			onWritable: (byteLength) => writable.push(byteLength),
		});
		expect(() => port.write(new Uint8Array(SERIAL_WRITE_BYTES + 1))).toThrow(RangeError);
		port.write(new Uint8Array(SERIAL_WRITE_BYTES));
		expect(() => port.write(Uint8Array.of(1))).toThrow(RangeError);
		expect(wire.sent).toHaveLength(1);
		wire.listener?.onSent(10);
		expect(writable).toEqual([10]);
		port.write(new Uint8Array(10));
	});

	it("loses what finds its receive buffer full", () => {
		const wire = newWire();
		const port = new NodeSerialPort({ wire });
		for (let count = 0; count < 100; count++) wire.listener?.onReceived(new Uint8Array(1000));
		expect(port.read()?.byteLength).toBe(8192);
	});

	it("close, close-twice, use-after-close, no-callback-after-close", async () => {
		const wire = newWire();
		let calls = 0;
		const count = () => calls++;
		const port = new NodeSerialPort({ wire, onReadable: count, onWritable: count });
		const { listener } = wire;
		port.close();
		port.close();
		expect(wire.listener).toBeUndefined();
		expect(() => port.read()).toThrow("closed");
		expect(() => port.write(Uint8Array.of(1))).toThrow("closed");
		listener?.onReceived(Uint8Array.of(1));
		listener?.onSent(1);
		await settle();
		expect(calls).toBe(0);
	});

	it("invalid-receiver", () => {
		const stranger = Object.create(NodeSerialPort.prototype) as NodeSerialPort;
		expect(() => stranger.read()).toThrow(TypeError);
		expect(() => stranger.write(Uint8Array.of(1))).toThrow(TypeError);
		expect(() => stranger.close()).toThrow(TypeError);
	});
});
