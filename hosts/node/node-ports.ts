// Builds the ports of a device from Node's parts: the only place where they meet.
import { statSync } from "node:fs";
import { join } from "node:path";
import { LOG_PARTITION_BYTES } from "../../src/limits.js";
import type { Ports, SerialOptions, TCPOptions, TLSOptions } from "../../src/ports.js";
import { SoftwareKeyStore } from "../support/software-key-store.js";
import type { BoardChannel } from "./board-channel.js";
import { NodeClock } from "./clock.js";
import { NodeCrypto } from "./crypto.js";
import { NodeEntropy } from "./entropy.js";
import { FlashFiles } from "./flash.js";
import { KeyValueFiles } from "./key-value.js";
import type { DeviceArguments } from "./messages.js";
import { Network } from "./network.js";
import { NodeNetworkLink } from "./network-link.js";
import { nodeP256, privateKeyPEM } from "./p256.js";
import { DNSResolver } from "./resolver.js";
import { NodeSerialPort, type SerialWire } from "./serial-port.js";
import { SimulatedSensor } from "../support/simulated-sensor.js";
import { NodeSystem } from "./system.js";
import { TCP } from "./tcp.js";
import { NodeTimer } from "./timer.js";
import { SessionCache } from "./tls-session-cache.js";
import { TLSSocket } from "./tls-socket.js";
import { NodeWatchdog } from "./watchdog.js";

/** The key store's own corner of the key-value partition. */
const KEYS_PATH = "hf-keys";

export interface NodePortsOptions {
	arguments: DeviceArguments;
	channel: BoardChannel;
	onRestart: () => void;
}

export function nodePorts(options: NodePortsOptions): Ports {
	const { channel } = options;
	const { stateFolder, bundlePath, flashSync, flashKiB } = options.arguments;
	const { seed, wall, hardwareId, lastReset, isNetworkCut } = options.arguments;
	const network = new Network();
	if (isNetworkCut) network.cut();
	channel.on("cut-network", () => network.cut());
	channel.on("restore-network", () => network.restore());
	const report: Ports["report"] = (event) => channel.send({ kind: "event", event });
	const entropy = new NodeEntropy();
	const keyValue = new KeyValueFiles({ folder: join(stateFolder, "key-value"), sync: flashSync });
	const keyStore = new SoftwareKeyStore({
		store: keyValue.open({ path: KEYS_PATH, format: "buffer" }),
		entropy,
		p256: nodeP256,
	});
	return {
		tcp: { io: tcpOver(network) },
		tls: { io: tlsWith(keyStore) },
		dns: { io: resolverOver(network) },
		link: new NodeNetworkLink({ network }),
		keyValue,
		flash: new FlashFiles({
			folder: join(stateFolder, "flash"),
			partitions: { outbox: flashKiB * 1024, log: LOG_PARTITION_BYTES },
			sync: flashSync,
		}),
		keyStore,
		crypto: new NodeCrypto(),
		clock: new NodeClock({ wall }),
		timer: new NodeTimer(),
		entropy,
		watchdog: new NodeWatchdog({ channel, lastReset }),
		serial: { io: serialOver(channel) },
		system: new NodeSystem({
			hardwareId,
			buildTime: Math.floor(statSync(bundlePath).mtimeMs / 1000),
			onRestart: options.onRestart,
			onIdentify: () => report({ name: "board-identified" }),
		}),
		sensors: [{ io: SimulatedSensor, seed }],
		report,
	};
}

function tcpOver(network: Network): Ports["tcp"]["io"] {
	return class extends TCP {
		constructor(options: TCPOptions) {
			super({ ...options, network });
		}
	};
}

function tlsWith(keyStore: SoftwareKeyStore): Ports["tls"]["io"] {
	const sessions = new SessionCache();
	const privateKeyOf = (name: string) => {
		const privateKey = keyStore.privateKeyForTLS(name);
		return privateKey && privateKeyPEM(privateKey);
	};
	return class extends TLSSocket {
		constructor(options: TLSOptions) {
			super({ ...options, sessions, privateKeyOf });
		}
	};
}

function resolverOver(network: Network): Ports["dns"]["io"] {
	return class extends DNSResolver {
		constructor(options: Record<string, unknown> = {}) {
			super({ ...options, network });
		}
	};
}

function serialOver(channel: BoardChannel): Ports["serial"]["io"] {
	const wire: SerialWire = {
		listener: undefined,
		send: (bytes) => channel.send({ kind: "serial", bytes }),
	};
	channel.on("serial", ({ bytes }) => wire.listener?.onReceived(bytes));
	channel.on("serial-sent", ({ byteLength }) => wire.listener?.onSent(byteLength));
	return class extends NodeSerialPort {
		constructor(options: SerialOptions) {
			super({ ...options, wire });
		}
	};
}
