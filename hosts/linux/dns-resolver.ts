// ECMA-419 DNS resolver. On the chip the SDK's class stands in its place.
import type { ResolveOptions, Resolver } from "../../src/ports.js";

export class DNSResolver extends Native("xs_resolver_destructor") implements Resolver {
	constructor(options?: Record<string, unknown>) {
		super();
		native("xs_resolver_constructor").call(this, options);
	}

	resolve(options: ResolveOptions): void {
		return native("xs_resolver_resolve").call(this, options);
	}

	close(): void {
		return native("xs_resolver_close").call(this);
	}
}
