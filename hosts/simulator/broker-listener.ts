// Where a simulated broker listens in the simulated network: with TLS, as a device wants it, or
// without, for those who do not come through TLS.

import type { BrokerConnection } from "./broker-client-host.js";
import type { VirtualNetwork } from "./network.js";
import type { Random } from "./random.js";
import { serveTLS, type TLSServerSettings } from "./tls-server.js";

export interface BrokerListenerOptions {
	readonly network: VirtualNetwork;
	readonly random: Random;
	/** A literal address. */
	readonly address: string;
	readonly port: number;
	/** Without them the port is in plaintext. */
	readonly settings?: TLSServerSettings;
}

/** For `SimulatedBrokerOptions.listen`. */
export function brokerListener(
	options: BrokerListenerOptions,
): (onConnection: (connection: BrokerConnection) => void) => { close(): void } {
	const { network, random, address, port, settings } = options;
	return (onConnection) =>
		network.listen(address, port, (connection) => {
			if (settings === undefined) onConnection(connection);
			else serveTLS(connection, settings, random, onConnection);
		});
}
