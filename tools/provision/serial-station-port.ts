// A real serial port for the station, by the serialport package. Pseudo-terminals count as real.
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
			if (error) reject(new StationError("port", openingProblem(path, error)));
			else resolve();
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
