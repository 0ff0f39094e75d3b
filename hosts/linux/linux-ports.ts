// Builds the ports of a device from the native modules and this host's sockets: the only place
// where they meet.
import { crypto } from "../../modules/crypto/crypto.js";
import { Entropy } from "../../modules/entropy/entropy.js";
import { flashPartitions } from "../../modules/flash-partition/flash-partition.js";
import { KeyStore } from "../../modules/key-store/key-store.js";
import { nvs } from "../../modules/nvs/nvs.js";
import { System } from "../../modules/system/system.js";
import { TLSSocket } from "../../modules/tls-socket/tls-socket.js";
import { USBSerial } from "../../modules/usb-serial/usb-serial.js";
import type { Watchdog } from "../../modules/watchdog/watchdog.js";
import type { DeviceEvent, Ports } from "../../src/ports.js";
import { SimulatedSensor } from "../support/simulated-sensor.js";
import { DNSResolver } from "./dns-resolver.js";
import { LinuxClock, type WallSetting } from "./linux-clock.js";
import { LinuxNetworkLink } from "./linux-network-link.js";
import { LinuxTimer } from "./linux-timer.js";
import { TCP } from "./tcp.js";

export interface LinuxPortsOptions {
	wall: WallSetting;
	seed: number;
	watchdog: Watchdog;
	report: (event: DeviceEvent) => void;
}

export function linuxPorts({ wall, seed, watchdog, report }: LinuxPortsOptions): Ports {
	const timer = new LinuxTimer();
	return {
		tcp: { io: TCP },
		tls: { io: TLSSocket },
		dns: { io: DNSResolver },
		link: new LinuxNetworkLink({ timer }),
		keyValue: nvs,
		flash: flashPartitions,
		keyStore: new KeyStore(),
		crypto,
		clock: new LinuxClock({ wall }),
		timer,
		entropy: new Entropy(),
		watchdog,
		serial: { io: USBSerial },
		system: new System(),
		sensors: [{ io: SimulatedSensor, seed }],
		report,
	};
}
