// The holdfast command line: entry of build/holdfast.js.
import { run } from "./program.js";

// A reader that goes away (`holdfast pki list | head -1`) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	process.exit(error.code === "EPIPE" ? 0 : 1);
});

process.exitCode = await run(process.argv.slice(2));
