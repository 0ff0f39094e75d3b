// The facts by which an image says how safe it is. `holdfast posture` judges a build by the same
// names, so that what a device reports, signed, can be laid beside what was built.

/**
 * Every fact, and its value in a safe image. A host reports those it can know; one that it leaves
 * out counts as unknown, not as safe.
 */
export const POSTURE_FACTS = Object.freeze({
	/** Only images signed by the fleet's key start (secure boot v2, key digest burnt). */
	secureBoot: true,
	/** The flash is encrypted in release mode: nothing can be written to it in plain any more. */
	flashEncryption: true,
	/** The key-value storage is encrypted, with a key that differs on each chip. */
	storageEncryption: true,
	/** The bootloader checks the image at every start. */
	bootValidation: true,
	/** An image that does not prove itself is taken back. */
	rollback: true,
	/** JTAG or a debug stub can be attached. */
	debugPort: false,
	/** The ROM's download mode reads memory or runs code. */
	downloadMode: false,
	/** Logs or panics are printed to a wire. */
	console: false,
	/** A crash writes memory, keys included, to a wire or to flash. */
	coreDump: false,
	/** Task and interrupt watchdogs run and reset the chip. */
	watchdog: true,
	/** The TLS library judges the dates of certificates. */
	certificateDates: true,
	/** TLS 1.2 as a client, forward secrecy only, no renegotiation, no weak verification. */
	strictTLS: true,
} as const);

/** A name of `POSTURE_FACTS`. */
export type PostureFact = keyof typeof POSTURE_FACTS;
