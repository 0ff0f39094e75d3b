// Which server is next: the primary first, then its backups in order. It does not know whether they
// live.

import { assert } from "../assert.js";
import { SERVERS_MAX } from "../limits.js";

export interface Server {
	readonly host: string;
	readonly port: number;
}

export class ServerList {
	readonly #servers: () => readonly Server[];
	#index = 0;

	/** `servers` is asked at each attempt: the configuration may have changed. */
	constructor(servers: () => readonly Server[]) {
		this.#servers = servers;
	}

	/** The server for the next attempt, or `undefined` where there are none. */
	current(): Server | undefined {
		const servers = this.#servers();
		assert(servers.length <= SERVERS_MAX, "servers are within their limit");
		return servers[this.#index % Math.max(1, servers.length)];
	}

	/** The attempt failed: the next goes to the next server. */
	rotate(): void {
		this.#index = (this.#index + 1) % Math.max(1, this.#servers().length);
	}

	/** After a stable session, or with a new configuration, the primary is asked first again. */
	preferPrimary(): void {
		this.#index = 0;
	}
}
