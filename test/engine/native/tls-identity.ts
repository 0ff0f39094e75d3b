// A device on XS that identifies itself over TLS: makes a key in its key store, or connects with it
// and joins a broker. The program's first argument is JSON; it prints one line of JSON.
import { program } from "../../../hosts/linux/program.js";
import { TCP } from "../../../hosts/linux/tcp.js";
import { KeyStore } from "../../../modules/key-store/key-store.js";
import { TLSSocket } from "../../../modules/tls-socket/tls-socket.js";
import { until } from "../../support/engine-wait.js";
import { fromHex, toHex } from "../../../src/bytes/hex.js";

const given = JSON.parse(program.arguments[0] as string) as {
	folder: string;
	connections?: number;
	port?: number;
	name?: string;
	authority?: string;
	certificate?: string;
};
const KEY = "tls-0";
/** CONNECT of MQTT 3.1.1: clean session, client identifier "d", no keep-alive. */
const CONNECT = fromHex("100d00044d51545404020000000164") as Uint8Array;

program.setVariable("HOLDFAST_STATE", given.folder);

const answers: string[] = [];

function join(left: number): void {
	if (left === 0) return;
	let isJoining = false;
	const finish = (answer: string) => {
		answers.push(answer);
		socket.close();
		join(left - 1);
	};
	const socket: TLSSocket = new TLSSocket({
		address: "127.0.0.1",
		port: given.port as number,
		TCP: { io: TCP },
		secure: {
			serverName: given.name as string,
			authorities: [fromHex(given.authority as string) as Uint8Array],
			pins: [],
			identity: { certificates: [fromHex(given.certificate as string) as Uint8Array], key: KEY },
		},
		onWritable: () => {
			if (isJoining) return;
			isJoining = true;
			socket.write(CONNECT);
		},
		onReadable: () => finish(toHex(new Uint8Array(socket.read() as ArrayBuffer))),
		onError: (error) => finish(error?.code ?? ""),
	});
}

it("does what it was asked for", async () => {
	if (given.port === undefined) {
		const keys = new KeyStore();
		keys.generate(KEY, "P-256");
		const publicKey = keys.publicKey(KEY) as ArrayBuffer;
		program.print(JSON.stringify({ publicKey: toHex(new Uint8Array(publicKey)) }));
		return;
	}
	const connections = given.connections ?? 1;
	join(connections);
	await until(() => answers.length === connections);
	program.print(JSON.stringify({ answers }));
});
