// Compile-time proof that device.d.ts says what src/device.ts does. Nothing here is built or run.
import type { Device as Bundled } from "../../../src/device.js";
import type { Device as Declared } from "./device.js";

type Parameters<Class extends abstract new (...values: never) => unknown> =
	Class extends abstract new (...values: infer Values) => unknown ? Values : never;

export const methods: Pick<Declared, "start" | "stop"> = {} as Bundled;
export const options: Parameters<typeof Bundled> = {} as Parameters<typeof Declared>;
export const optionsBack: Parameters<typeof Declared> = {} as Parameters<typeof Bundled>;
