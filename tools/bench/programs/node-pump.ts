// The pump on the Node host, whose signatures are made in script.
import { join } from "node:path";
import { NodeClock } from "../../../hosts/node/clock.js";
import { NodeCrypto } from "../../../hosts/node/crypto.js";
import { NodeEntropy } from "../../../hosts/node/entropy.js";
import { FlashFiles } from "../../../hosts/node/flash.js";
import { KeyValueFiles } from "../../../hosts/node/key-value.js";
import { makeFolder } from "../../../hosts/node/make-folder.js";
import { nodeP256, privateKeyPEM } from "../../../hosts/node/p256.js";
import { TCP } from "../../../hosts/node/tcp.js";
import { NodeTimer } from "../../../hosts/node/timer.js";
import { SessionCache } from "../../../hosts/node/tls-session-cache.js";
import { TLSSocket } from "../../../hosts/node/tls-socket.js";
import { SimulatedSensor } from "../../../hosts/support/simulated-sensor.js";
import { SoftwareKeyStore } from "../../../hosts/support/software-key-store.js";
import type { TLSOptions } from "../../../src/ports.js";
import { pump, type PumpPorts } from "./pump.js";

const SEED = 1;
const PARTITION_BYTES = 256 * 1024;

function nodePorts(state: string): PumpPorts {
	const sync = "none";
	makeFolder(state);
	const keyValue = new KeyValueFiles({ folder: join(state, "key-value"), sync });
	const keyStore = new SoftwareKeyStore({
		store: keyValue.open({ path: "hf-keys", format: "buffer" }),
		entropy: new NodeEntropy(),
		p256: nodeP256,
	});
	const sessions = new SessionCache();
	const privateKeyOf = (name: string) => {
		const privateKey = keyStore.privateKeyForTLS(name);
		return privateKey && privateKeyPEM(privateKey);
	};
	class IdentifiedTLSSocket extends TLSSocket {
		constructor(options: TLSOptions) {
			super({ ...options, sessions, privateKeyOf });
		}
	}
	return {
		tcp: { io: TCP },
		tls: { io: IdentifiedTLSSocket },
		keyValue,
		flash: new FlashFiles({
			folder: join(state, "flash"),
			partitions: { outbox: PARTITION_BYTES },
			sync,
		}),
		keyStore,
		crypto: new NodeCrypto(),
		clock: new NodeClock(),
		timer: new NodeTimer(),
	};
}

const [state = "", ...words] = process.argv.slice(2);
pump(
	{
		ports: nodePorts(state),
		sensor: new SimulatedSensor({ seed: SEED }),
		print: (line) => process.stdout.write(`${line}\n`),
		exit: (code) => process.exit(code),
	},
	words,
);
