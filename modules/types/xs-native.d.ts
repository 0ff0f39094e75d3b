// The two functions by which TypeScript reaches C on XS, as the SDK documents them. On the chip the
// compiler replaces them; hosts/linux provides them at run time. Both take one string literal.

/** The C function `name`, called with `.call(this, …)`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
declare function native(name: string): (this: unknown, ...values: unknown[]) => any;

/** A base class whose instances are host objects, released by the C destructor `name`. */
declare function Native(name: string): new () => object;
