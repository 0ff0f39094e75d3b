// The memory that a build gives to XS, from a manifest or from the makefile that mcconfig makes.
import { quote } from "../command-line.js";

/** `creation` of a Moddable manifest, in bytes and slots as it has them. */
export interface Creation {
	/** Bytes; 0 where chunks and slots are taken from the C heap one by one. */
	readonly static: number;
	/** Bytes. */
	readonly chunk: Growth;
	/** Slots of 16 bytes. */
	readonly heap: Growth;
	/** Slots of 16 bytes. */
	readonly stack: number;
	/** Bytes of the stack of the task that runs XS; 0 is the SDK's default of 10 KB. */
	readonly nativeStack: number;
}

interface Growth {
	readonly initial: number;
	readonly incremental: number;
}

/** `CREATION = -c chunk,+,heap,+,stack,keys,+,name,symbol,parser,table,static,main,nativeStack`. */
const MAKEFILE_LINE = /^CREATION = -c\s*(\S.*?)\s*$/m;
const MAKEFILE_FIELDS = 14;

/** Reads mcconfig's makefile, in which all manifests are already merged. */
export function creationOfMakefile(text: string, file: string): Creation {
	const [, line] = MAKEFILE_LINE.exec(text) ?? [];
	const fields = (line ?? "").replaceAll(/\s/g, "").split(",");
	const at = (index: number) => checkCount(Number(fields[index]), file, "CREATION");
	if (fields.length !== MAKEFILE_FIELDS) throw new Error(`${file}: no CREATION as mcconfig has it`);
	return {
		chunk: { initial: at(0), incremental: at(1) },
		heap: { initial: at(2), incremental: at(3) },
		stack: at(4),
		static: at(11),
		nativeStack: at(13),
	};
}

/** Checks `creation` of merged manifests. */
export function creationOf(creation: unknown, file: string): Creation {
	const at = (...path: string[]) => {
		const value = path.reduce(field, creation);
		return checkCount(value, file, `creation.${path.join(".")}`);
	};
	if (creation === undefined) throw new Error(`${file}: no creation`);
	return {
		static: at("static"),
		chunk: { initial: at("chunk", "initial"), incremental: at("chunk", "incremental") },
		heap: { initial: at("heap", "initial"), incremental: at("heap", "incremental") },
		stack: at("stack"),
		nativeStack: at("nativeStack"),
	};
}

function field(value: unknown, name: string): unknown {
	if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
	return (value as Record<string, unknown>)[name];
}

function checkCount(value: unknown, file: string, name: string): number {
	if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
	throw new Error(`${file}: ${name}: a count, not ${quote(String(value))}`);
}
