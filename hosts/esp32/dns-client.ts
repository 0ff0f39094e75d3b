// The DNS port over UDP: asks the name servers that came with the address, in turn. The SDK's own
// resolver calls lwIP from the engine's task while lwIP may be at work in its own, for SNTP say.
import Net from "net";
import SDKTimer from "timer";
import UDP from "embedded:io/socket/udp";
import { Entropy } from "holdfast/entropy";
import type { ResolveOptions, Resolver } from "../../src/ports.js";
import { encodeQuestion, readAnswer } from "../support/dns-message.js";
import { checkResolveOptions, isAddress } from "./resolve-options.js";

const DNS_PORT = 53;
/** Milliseconds until the next server is asked, or the same one again. */
const RETRY_MS = 2000;
/** Questions until it is given up: six servers once, or one six times. */
const ATTEMPTS_MAX = 6;

export class DNSClient implements Resolver {
	readonly #entropy = new Entropy();
	readonly #queries = new Set<Query>();
	#isClosed = false;

	resolve(options: ResolveOptions): void {
		if (this.#isClosed) throw new Error("DNS: closed");
		checkResolveOptions(options);
		const query = new Query(this.#entropy, options.host, (address) => {
			this.#queries.delete(query);
			if (address === undefined) options.onError(options.host);
			else options.onResolved(options.host, address);
		});
		this.#queries.add(query);
	}

	close(): void {
		this.#isClosed = true;
		for (const query of this.#queries) query.close();
		this.#queries.clear();
	}
}

/** One name, asked on a socket of its own, so that its port is as hard to guess as its id. */
class Query {
	readonly #host: string;
	readonly #done: (address: string | undefined) => void;
	readonly #question: Uint8Array | undefined;
	#timer: SDKTimer | undefined;
	#socket: UDP | undefined;
	#attempts = 0;
	#server: string | undefined;

	constructor(entropy: Entropy, host: string, done: (address: string | undefined) => void) {
		this.#host = host;
		this.#done = done;
		const id = new Uint8Array(2);
		entropy.fill(id);
		this.#question = encodeQuestion(((id[0] as number) << 8) | (id[1] as number), host);
		// In a turn of its own, whatever comes of it.
		this.#timer = SDKTimer.set(() => this.#begin(), 0);
	}

	close(): void {
		if (this.#timer !== undefined) SDKTimer.clear(this.#timer);
		this.#timer = undefined;
		// The typings have forgotten it.
		(this.#socket as { close(): void } | undefined)?.close();
		this.#socket = undefined;
	}

	#begin(): void {
		this.#timer = undefined;
		if (isAddress(this.#host)) this.#end(this.#host);
		else if (this.#question === undefined) this.#end(undefined);
		else this.#ask(this.#question);
	}

	#ask(question: Uint8Array): void {
		const servers = Net.get("DNS");
		if (servers.length === 0 || this.#attempts === ATTEMPTS_MAX) {
			this.#end(undefined);
			return;
		}
		this.#server = servers[this.#attempts++ % servers.length] as string;
		this.#timer = SDKTimer.set(() => this.#ask(question), RETRY_MS);
		try {
			this.#socket ??= new UDP({ onReadable: () => this.#receive(question) });
			this.#socket.write(question.slice().buffer, this.#server, DNS_PORT);
		} catch {
			// No way to that server now: the timer tries the next one.
		}
	}

	#receive(question: Uint8Array): void {
		for (let packet; (packet = this.#socket?.read()) !== undefined;) {
			if (packet.address !== this.#server || packet.port !== DNS_PORT) continue;
			const answer = readAnswer(new Uint8Array(packet), question);
			if (answer === undefined) continue;
			if (answer.kind === "addresses") this.#end(answer.addresses[0]);
			else if (answer.kind === "missing") this.#end(undefined);
			else this.#askNext(question);
			return;
		}
	}

	/** That server cannot say: the next one at once. */
	#askNext(question: Uint8Array): void {
		if (this.#timer !== undefined) SDKTimer.clear(this.#timer);
		this.#ask(question);
	}

	#end(address: string | undefined): void {
		this.close();
		this.#done(address);
	}
}
