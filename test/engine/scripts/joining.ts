// Connects, is echoed and closes three hundred times, then ends by itself, so that a sanitizer can
// look for what was left behind.
import { program } from "../../../hosts/linux/program.js";
import { TCP } from "../../../hosts/linux/tcp.js";

const ROUNDS = 300;
const port = Number(program.arguments[0]);

function round(count: number): void {
	if (count === ROUNDS) {
		program.memory({ isCollecting: true });
		program.print(`echoed ${count} times`);
		return;
	}
	let isSent = false;
	const socket = new TCP({
		address: "127.0.0.1",
		port,
		onWritable: () => {
			if (!isSent) socket.write(Uint8Array.of(1, 2, 3));
			isSent = true;
		},
		onReadable: () => {
			socket.read();
			socket.close();
			round(count + 1);
		},
	});
}

round(0);
