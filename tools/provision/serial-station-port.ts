// A real serial port for the station, by the serialport package. Pseudo-terminals count as real.
import { read } from "node:fs";
import { SerialPort } from "serialport";
import type { StationPort } from "./conversation.js";
import { StationError } from "./station-error.js";

export const BAUD_RATE = 115_200;

/** An open port. It is given to a Station, and closed by whoever opened it. */
export interface OpenStationPort extends StationPort {
	close(): Promise<void>;
}

/** Rejects with a {@link StationError} "port" where `path` cannot be opened. */
export async function openSerialStationPort(path: string): Promise<OpenStationPort> {
	const serial = new SerialPort({ path, baudRate: BAUD_RATE, autoOpen: false });
	await new Promise<void>((resolve, reject) => {
		serial.open((error) => {
			if (error) return reject(new StationError("port", openingProblem(path, error)));
			noticeHangUp(serial.port as unknown as Binding);
			resolve();
		});
	});
	const port: OpenStationPort = {
		write: (bytes) => {
			// A failed write shows as an error or as no answer.
			if (serial.isOpen) serial.write(Buffer.from(bytes));
		},
		close: () => closeSerial(serial),
	};
	serial.on("data", (bytes: Buffer) => port.onData?.(bytes));
	serial.on("error", (error) => port.onClosed?.(`the serial port failed: ${error.message}`));
	serial.on("close", () => port.onClosed?.("the serial port went away"));
	await releaseResetLines(serial);
	return port;
}

/** What the package has below a port, as far as it is needed here. */
interface Binding {
	readonly fd: number | null;
	readonly isOpen: boolean;
	readonly poller: { once(event: "readable", callback: (error?: Error | null) => void): void };
	read(buffer: Buffer, offset: number, length: number): Promise<{ bytesRead: number }>;
}

/**
 * A port whose other end is gone gives nothing, at once and for ever, and no error. The package's
 * own read asks it again and again: the process spins, and nobody hears that the cable was pulled.
 */
function noticeHangUp(binding: Binding): void {
	const original = binding.read.bind(binding);
	binding.read = async (buffer, offset, length) => {
		while (binding.isOpen && binding.fd !== null) {
			const bytesRead = await readNow(binding.fd, buffer, offset, length);
			if (bytesRead === 0) throw new Error("hung up");
			if (bytesRead !== undefined) return { bytesRead, buffer };
			await new Promise<void>((resolve, reject) => {
				binding.poller.once("readable", (error) => (error ? reject(error) : resolve()));
			});
		}
		return original(buffer, offset, length); // which says that it was closed
	};
}

/** The number of bytes read; `undefined` where there are none now. */
function readNow(
	descriptor: number,
	buffer: Buffer,
	offset: number,
	length: number,
): Promise<number | undefined> {
	return new Promise((resolve, reject) => {
		read(descriptor, buffer, offset, length, null, (error, bytesRead) => {
			if (error === null) resolve(bytesRead);
			else if (error.code === "EAGAIN" || error.code === "EINTR") resolve(undefined);
			else reject(error);
		});
	});
}

/**
 * On ESP32 boards DTR and RTS are wired to reset and boot mode. Pseudo-terminals have neither line.
 */
function releaseResetLines(serial: SerialPort): Promise<void> {
	return new Promise((resolve) => {
		serial.set({ dtr: false, rts: false }, () => resolve());
	});
}

function closeSerial(serial: SerialPort): Promise<void> {
	return new Promise((resolve) => {
		if (serial.isOpen) serial.close(() => resolve());
		else resolve();
	});
}

function openingProblem(path: string, error: Error): string {
	const text = error.message.replace(/^Error:? ?/, "").replace(/, cannot open .*$/, "");
	return `${path} cannot be opened: ${text}`;
}
