// What the provisioner is given: ports, the credential slots as far as it needs them, and
// callbacks.

import type { Secret } from "../bytes/secret.js";
import type { CBORValue } from "../cbor/value.js";
import type {
	Crypto,
	DeviceEvent,
	Entropy,
	KeyStore,
	KeyValueStorage,
	SerialConstructor,
	StorageErrorCode,
	Timer,
} from "../ports.js";

export interface FieldProblem {
	readonly path: string;
	readonly expected: string;
}

/** What provisioning looks at in a configuration. */
export interface ProvisionedConfiguration {
	readonly certificates: readonly Uint8Array[];
	readonly keyName: string;
	readonly operators: readonly {
		readonly publicKey: Uint8Array;
		readonly commands: readonly string[];
	}[];
	readonly policy: CBORValue;
}

export interface ProvisionedSlot {
	readonly configuration: ProvisionedConfiguration;
	readonly installed: Secret;
}

/** The two credential slots (credentials/slots.ts), as far as they are needed here. */
export interface ProvisionedSlots {
	readonly deviceId: string | undefined;
	readonly freeKeyName: string;
	active(): ProvisionedSlot | undefined;
	candidate(): ProvisionedSlot | undefined;
	release(): void;
	stage(
		bytes: Uint8Array,
		judge: (configuration: ProvisionedConfiguration) => FieldProblem | undefined,
	):
		| { readonly kind: "active" | "candidate" }
		| ({ readonly kind: "invalid" } & FieldProblem)
		| { readonly kind: "failed"; readonly code: StorageErrorCode };
}

export interface ProvisionerOptions {
	readonly serial: { readonly io: SerialConstructor };
	readonly timer: Timer;
	readonly keyStore: KeyStore;
	readonly crypto: Crypto;
	readonly entropy: Entropy;
	/** Where the lock is kept. */
	readonly keyValue: KeyValueStorage;
	readonly slots: ProvisionedSlots;
	readonly hardwareId: string;
	readonly firmwareVersion: string;
	/** The version of configurations that the slots take. */
	readonly configurationVersion: number;
	/** What the slots cannot judge: the policy inside a configuration. */
	readonly judge?: (configuration: ProvisionedConfiguration) => FieldProblem | undefined;
	/** Ed25519, with the strictness of envelopes. `crypto.ed25519Verify` where it is absent. */
	readonly verify?: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
	readonly onEvent?: (event: DeviceEvent) => void;
	/**
	 * A configuration was committed; called from a timer, after the answer was handed to the port.
	 */
	readonly onCommitted?: () => void;
}
