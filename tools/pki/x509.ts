// Loads @peculiar/x509 with its two needs met: a Reflect with metadata, and node's WebCrypto. The
// library finds its algorithms through tsyringe, which calls three functions of the metadata
// proposal; they are given here, so that a package of their own is not needed. The import must come
// after them: hence `await`.
import { webcrypto } from "node:crypto";

export type { X509Certificate, Extension, X509CrlEntryParams } from "@peculiar/x509";

type Metadata = Map<unknown, unknown>;

/** The part of the metadata proposal that tsyringe calls. */
interface MetadataReflect {
	defineMetadata?(key: unknown, value: unknown, target: object): void;
	getOwnMetadata?(key: unknown, target: object): unknown;
	getMetadata?(key: unknown, target: object): unknown;
}

function giveReflectMetadata(reflect: MetadataReflect): void {
	if (reflect.getMetadata) return;
	const all = new WeakMap<object, Metadata>();
	reflect.defineMetadata = (key, value, target) => {
		let metadata = all.get(target);
		if (!metadata) all.set(target, (metadata = new Map()));
		metadata.set(key, value);
	};
	reflect.getOwnMetadata = (key, target) => all.get(target)?.get(key);
	reflect.getMetadata = (key, target) => {
		for (let at: object | null = target; at; at = Object.getPrototypeOf(at) as object | null) {
			if (all.get(at)?.has(key)) return all.get(at)?.get(key);
		}
		return undefined;
	};
}

giveReflectMetadata(Reflect as MetadataReflect);

export const x509 = await import("@peculiar/x509");
x509.cryptoProvider.set(webcrypto as never);
