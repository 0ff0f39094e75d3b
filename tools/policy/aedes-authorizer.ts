// The access policy for the embedded broker, asked with the common name of a client's certificate.
// Default deny. How a connection proves that name is the broker's affair.
import { DEFAULT_RULES, type PolicyRule } from "../../src/policy/rules.js";
import { isTopicFilter, topicMatches } from "../../src/policy/topic-filter.js";
import { deviceAccess, isCovered, operatorAccess, type Access } from "./access.js";

export interface AedesAuthorizerOptions {
	/** Names of operators at this moment. Every other name is a device's. */
	readonly operators: () => readonly string[];
	readonly rules?: readonly PolicyRule[];
}

/** Names that devices can have; no other gets rights of its own, whatever its certificate says. */
const DEVICE_NAME = /^[A-Za-z0-9_-]{1,64}$/;

export class AedesAuthorizer {
	readonly #operators: () => readonly string[];
	readonly #rules: readonly PolicyRule[];

	constructor(options: AedesAuthorizerOptions) {
		this.#operators = options.operators;
		this.#rules = options.rules ?? DEFAULT_RULES;
	}

	/**
	 * A device is its certificate; an operator may have several sessions, "alice" and "alice/…".
	 */
	mayConnect(name: string, clientId: string): boolean {
		if (clientId === name) return DEVICE_NAME.test(name);
		return this.#operators().includes(name) && clientId.startsWith(`${name}/`);
	}

	mayPublish(name: string, topic: string): boolean {
		return this.#access(name, "write").some(({ filter }) => topicMatches(filter, topic));
	}

	maySubscribe(name: string, filter: string): boolean {
		if (!isTopicFilter(filter)) return false;
		return this.#access(name, "read").some((access) => isCovered(filter, access.filter));
	}

	mayReceive(name: string, topic: string): boolean {
		return this.#access(name, "read").some(({ filter }) => topicMatches(filter, topic));
	}

	#access(name: string, right: Access["right"]): Access[] {
		if (!DEVICE_NAME.test(name)) return [];
		const isOperator = this.#operators().includes(name);
		const all = isOperator ? operatorAccess(this.#rules) : deviceAccess(name, this.#rules);
		return all.filter((access) => access.right === right);
	}
}
