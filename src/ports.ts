// What a host must provide. Types only. Where ECMA-419 has a class the port is that class, handed
// over as a constructor in an options object (`{ io: TCP }`); the rest are small. Each comment
// states the limits of the real thing, and every host enforces them.

/** Bytes as ECMA-419 methods take them. `src` hands over `Uint8Array`. */
export type ByteSource = ArrayBuffer | Uint8Array;

// ---------------------------------------------------------------- errors that cross a port

/** Why a TCP or TLS socket ended. Stable: logs, tests and the failure ladder use these names. */
export type SocketErrorCode =
	| "tcp" // refused, reset, unreachable or closed by the peer: the transport tells no more
	| "tls-authority" // the chain ends in no authority that we hold
	| "tls-host-name" // the certificate is for another name
	| "tls-expired"
	| "tls-not-yet-valid"
	| "tls-pin" // the chain verified, but no key pin matches
	| "tls-version" // the peer offers nothing at or above TLS 1.2
	| "tls-client-certificate" // the peer refused our certificate with an alert
	| "tls-resources" // not enough memory for a handshake
	| "tls-handshake" // any other failure before the handshake finished
	| "tls-record" // a broken record after the handshake
	| "tls-truncated" // the transport ended without close_notify
	| "tls-closed"; // the peer ended the session with close_notify

export type StorageErrorCode =
	| "storage-worn" // a program or erase failed and will fail again
	| "storage-full" // the key-value partition has no room
	| "storage-unreadable"; // the partition cannot be opened or read

/** An error that a port delivers to `onError` or throws for a cause in the world. */
export interface PortError extends Error {
	readonly code: SocketErrorCode | StorageErrorCode;
}

// ---------------------------------------------------------------- sockets (ECMA-419 §12)

export interface Socket {
	/**
	 * Up to `byteLength` bytes (all that there are without it); `undefined` when there are none.
	 */
	read(byteLength?: number): ArrayBuffer | undefined;
	/** Takes all of `bytes` or throws. Returns how many more can be written now. */
	write(bytes: ByteSource): number;
	close(): void;
}

export interface SocketCallbacks {
	/** `byteLength` bytes can be read now. */
	onReadable?: (byteLength: number) => void;
	/** Connected (for TLS: and verified), or room again: `byteLength` bytes can be written now. */
	onWritable?: (byteLength: number) => void;
	/** At most once, after everything received was offered; then only `close`. */
	onError?: (error?: PortError) => void;
}

/** `address` is a literal IP address: names are resolved first. */
export interface TCPOptions extends SocketCallbacks {
	address: string;
	port: number;
	noDelay?: boolean;
}

export type TCPConstructor = new (options: TCPOptions) => Socket;

/**
 * How a TLS client socket judges its peer and identifies itself. There is no way to verify less.
 */
export interface TLSSecureOptions {
	/** Server name: sent as SNI and compared with the certificate, always. */
	serverName: string;
	/** Trusted authorities, X.509 DER, at least one. */
	authorities: readonly Uint8Array[];
	/**
	 * SHA-256 of SubjectPublicKeyInfo; one of them must be in the verified chain. Empty: no
	 * pinning.
	 */
	pins: readonly Uint8Array[];
	/** Our certificates (leaf first, DER) and the name of their private key in the key store. */
	identity?: { readonly certificates: readonly Uint8Array[]; readonly key: string };
	/** ALPN names in order of preference. */
	applicationLayerProtocols?: readonly string[];
	/** The device's time, by which certificate dates are judged. */
	time?: JudgingTime;
	/**
	 * The peer is verified: called once, before the first `onWritable`. Not by a host that cannot
	 * tell.
	 */
	onVerified?: (peer: VerifiedPeer) => void;
}

export interface VerifiedPeer {
	/** Unix seconds: the start of the leaf certificate's validity. It is later than that now. */
	readonly notBefore: number;
}

/**
 * The time by which dates are judged. A lower bound (a stored floor) proves that a certificate has
 * expired, but cannot prove that one is not yet valid.
 */
export interface JudgingTime {
	readonly unixSeconds: number;
	readonly isLowerBound: boolean;
}

export interface TLSOptions extends TCPOptions {
	/** The transport below. */
	TCP: { readonly io: TCPConstructor };
	secure: TLSSecureOptions;
}

export type TLSConstructor = new (options: TLSOptions) => Socket;

export interface ResolveOptions {
	host: string;
	onResolved: (host: string, address: string) => void;
	onError: (host: string) => void;
}

/** ECMA-419 DNS resolver. A literal address resolves to itself. Never blocks the loop. */
export interface Resolver {
	resolve(options: ResolveOptions): void;
	close(): void;
}

export type ResolverConstructor = new (options: Record<string, unknown>) => Resolver;

// ---------------------------------------------------------------- storage (ECMA-419 §17)

/**
 * Key-value storage with the limits of ESP-IDF's NVS: `path` and `key` at most 15 characters of
 * ASCII, one fixed format per key, each write atomic and durable when it returns.
 */
export interface KeyValueStorage {
	open(options: { path: string; format: "buffer"; mode?: "r" | "r+" }): KeyValueStore;
}

export interface KeyValueStore {
	/** A copy of the value, or `undefined` where there is none. */
	read(key: string): ArrayBuffer | undefined;
	/**
	 * At most KEY_VALUE_BYTES_MAX bytes. Throws a {@link PortError} "storage-full" or
	 * "storage-worn".
	 */
	write(key: string, value: ByteSource): void;
	delete(key: string): void;
	close(): void;
	[Symbol.iterator](): IterableIterator<string>;
}

export interface FlashStorage {
	open(options: { path: string; mode?: "r" | "r+" }): FlashPartition;
}

/**
 * Raw NOR flash. A unit of `writeAlign` bytes (32) is programmed at most once between erases;
 * writes are aligned to units and whole units long. A program or erase that power interrupts may
 * leave anything in its own units.
 */
export interface FlashPartition {
	read(byteLength: number, byteOffset: number): ArrayBuffer;
	write(bytes: ByteSource, byteOffset: number): void;
	/** Erases the blocks from `start` up to `end` (not included; one block without it). */
	eraseBlock(start: number, end?: number): void;
	status(): FlashStatus;
	close(): void;
}

export interface FlashStatus {
	/** Bytes of the partition. */
	readonly size: number;
	/** Bytes of one block: the unit of erasing. */
	readonly blockLength: number;
	readonly blocks: number;
	/** Bytes of one unit: the unit of programming. */
	readonly writeAlign: number;
	/** What an erased byte reads as. */
	readonly eraseValue: number;
}

// ---------------------------------------------------------------- keys and cryptography

export type KeyAlgorithm = "Ed25519" | "P-256";

/**
 * Every private key lives here and never leaves it. `name` is at most 15 characters of ASCII.
 * Sixteen keys at most. Synchronous, as on the chip.
 */
export interface KeyStore {
	/** Makes a new key under `name`, in place of any that was there, durable when it returns. */
	generate(name: string, algorithm: KeyAlgorithm): void;
	/** Ed25519: 32 bytes; P-256: 65 bytes, uncompressed. `undefined` where there is no such key. */
	publicKey(name: string): ArrayBuffer | undefined;
	/** Ed25519: 64 bytes (RFC 8032). P-256: 64 bytes, r and s (ES256), over SHA-256. */
	sign(name: string, message: ByteSource): ArrayBuffer;
	/**
	 * A PKCS #10 request, DER, self-signed by the P-256 key `name`, with subject CN = `commonName`.
	 */
	certificateRequest(name: string, commonName: string): ArrayBuffer;
	erase(name: string): void;
}

/** Public operations only. */
export interface Crypto {
	sha256(bytes: ByteSource): ArrayBuffer;
	/** RFC 8032 verification of a 64-byte signature under a 32-byte key. */
	ed25519Verify(publicKey: ByteSource, message: ByteSource, signature: ByteSource): boolean;
	/** `false` for different lengths; otherwise the time does not depend on the contents. */
	constantTimeEqual(left: ByteSource, right: ByteSource): boolean;
}

// ---------------------------------------------------------------- time, chance, liveness

/**
 * How far the host's wall time can be believed, by itself. The ladder above it is credentials/time.
 */
export type WallQuality = "none" | "sntp";

export interface Clock {
	/** Milliseconds since some moment before the start; never runs backwards. */
	monotonicMs(): number;
	wallTime(): { readonly unixSeconds: number; readonly quality: WallQuality };
}

export type TimerHandle = object | number;

export interface Timer {
	/** Calls back once after `delayMs`. Never from inside `set`. */
	set(callback: () => void, delayMs: number): TimerHandle;
	/** Calls back every `intervalMs`, first after one interval. */
	repeat(callback: () => void, intervalMs: number): TimerHandle;
	clear(handle: TimerHandle): void;
}

export interface Entropy {
	/** Fills `bytes` with random bytes fit for keys. */
	fill(bytes: Uint8Array): void;
}

export type ResetReason =
	| "power-on"
	| "external"
	| "software" // restart() was called
	| "watchdog"
	| "panic"
	| "abort" // the engine gave up: out of memory, unhandled exception
	| "brownout"
	| "unknown";

export interface Watchdog {
	/** From now on the chip resets unless `feed` is called at least every `timeoutMs`. */
	start(timeoutMs: number): void;
	feed(): void;
	/**
	 * Keeps up to 15 characters across a reset (not across power-off). Cheap: no flash is written.
	 */
	retain(stage: string): void;
	/** Why the last reset happened, and what was retained before it. */
	readonly lastReset: { readonly reason: ResetReason; readonly stage: string };
	close(): void;
}

// ---------------------------------------------------------------- the rest of the board

export interface SerialOptions {
	onReadable?: (byteLength: number) => void;
	onWritable?: (byteLength: number) => void;
}

/**
 * ECMA-419 serial port, buffer format. `write` takes all or throws; a new port has at least
 * SERIAL_WRITE_BYTES free. Bytes may be lost: the protocol above recovers.
 */
export interface SerialPort {
	read(byteLength?: number): ArrayBuffer | undefined;
	write(bytes: ByteSource): void;
	close(): void;
}

export type SerialConstructor = new (options: SerialOptions) => SerialPort;

export interface NetworkLink {
	/**
	 * Starts joining. `settings` is the host's own part of the configuration (for Wi-Fi: ssid,
	 * password, security).
	 */
	start(settings: LinkSettings, onChanged: () => void): void;
	/** Associated AND holding an address. */
	readonly isUp: boolean;
	/** Takes the interface down and up again. */
	restart(): void;
	stop(): void;
}

export interface LinkSettings {
	readonly ssid?: string;
	/** Wi-Fi passphrase; the host wipes its own copy after joining. */
	readonly password?: Uint8Array;
	/**
	 * The least that a network with a password must offer, "wpa2" when absent. With "wpa3" it is
	 * joined by SAE with protected management frames, or not at all.
	 */
	readonly security?: "wpa2" | "wpa3";
}

/** An ECMA-419 sensor: one `sample` is an object of classes of measurements (ECMA-419 §13). */
export interface Sensor {
	sample(): SensorSample | undefined;
	close(): void;
}

/** For instance `{ thermometer: { temperature: 21.5 } }`, SI units as ECMA-419 has them. */
export type SensorSample = Readonly<Record<string, Readonly<Record<string, number>>>>;

export type SensorConstructor = new (options: Record<string, unknown>) => Sensor;

/** Counters of the host's memory and link; a field that a host cannot know is absent. */
export interface Health {
	readonly freeHeapBytes?: number;
	readonly largestFreeBlockBytes?: number;
	readonly minimumFreeHeapBytes?: number;
	readonly rssi?: number;
}

/** What the running image says about its own safety: facts of posture-facts.ts, and its host. */
export type Posture = Readonly<Record<string, string | number | boolean>>;

export interface System {
	/**
	 * Restarts the device. Does not return on the chip; the caller returns at once all the same.
	 */
	restart(): void;
	health(): Health;
	posture(): Posture;
	/** Cancels the rollback of a freshly updated image (ESP-IDF app rollback). Idempotent. */
	markImageValid(): void;
	/** Blinks, beeps or prints, so that a person finds this board. */
	identify(): void;
	/** A name burnt into the hardware (for ESP32 the MAC address in hex), at most 32 characters. */
	readonly hardwareId: string;
	/** Unix seconds at which the image was built: the first step of the time ladder. */
	readonly buildTime: number;
}

// ---------------------------------------------------------------- all of them

export interface Ports {
	readonly tcp: { readonly io: TCPConstructor };
	readonly tls: { readonly io: TLSConstructor };
	readonly dns: { readonly io: ResolverConstructor };
	readonly link: NetworkLink;
	readonly keyValue: KeyValueStorage;
	readonly flash: FlashStorage;
	readonly keyStore: KeyStore;
	readonly crypto: Crypto;
	readonly clock: Clock;
	readonly timer: Timer;
	readonly entropy: Entropy;
	readonly watchdog: Watchdog;
	readonly serial: { readonly io: SerialConstructor };
	readonly system: System;
	/** Sensors in the order of their sampling. */
	readonly sensors: readonly {
		readonly io: SensorConstructor;
		readonly [option: string]: unknown;
	}[];
	/** Receives what the device reports about itself. Never contains a secret or a payload. */
	readonly report: (event: DeviceEvent) => void;
}

/** A past-tense fact with a stable name. Values are codes, numbers and identifiers. */
export interface DeviceEvent {
	readonly name: string;
	readonly [detail: string]: string | number | boolean | undefined;
}
