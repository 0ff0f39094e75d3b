// What the SDK puts into every global scope, as far as it is used here.

/** Prints to whoever debugs; nothing in a release build. */
declare function trace(...values: readonly string[]): void;
