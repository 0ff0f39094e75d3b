// Attempts to connect over TLS on XS, one after another in one program, for the attack tests. The
// program's first argument is JSON. It prints of each the outcome, and how often a timer ran
// meanwhile: a loop that is held up shows there.
import { LinuxTimer } from "../../../hosts/linux/linux-timer.js";
import { program } from "../../../hosts/linux/program.js";
import { TCP } from "../../../hosts/linux/tcp.js";
import { TLSSocket } from "../../../modules/tls-socket/tls-socket.js";
import { fromHex } from "../../../src/bytes/hex.js";

const given = JSON.parse(program.arguments[0] as string) as {
	ports: number[];
	name: string;
	authority: string;
	pins: string[];
	unixSeconds: number;
	deadlineMs: number;
};
const TICK_MS = 5;

async function attempt(port: number): Promise<void> {
	const timer = new LinuxTimer();
	let ticks = 0;
	let received = 0;
	const ticking = timer.repeat(() => ticks++, TICK_MS);
	let socket: TLSSocket | undefined;
	const outcome = await new Promise<string>((done) => {
		socket = new TLSSocket({
			address: "127.0.0.1",
			port,
			TCP: { io: TCP },
			secure: {
				serverName: given.name,
				authorities: [fromHex(given.authority) as Uint8Array],
				pins: given.pins.map((pin) => fromHex(pin) as Uint8Array),
				time: { unixSeconds: given.unixSeconds, isLowerBound: false },
			},
			onReadable: () => {
				received += socket?.read()?.byteLength ?? 0;
				if (received >= 3) done("connected");
			},
			onError: (error) => done(error?.code ?? "none"),
		});
		timer.set(() => done("deadline"), given.deadlineMs);
	});
	timer.clear(ticking);
	socket?.close();
	program.print(JSON.stringify({ outcome, ticks, received }));
}

it("makes its attempts", async () => {
	for (const port of given.ports) await attempt(port);
});
