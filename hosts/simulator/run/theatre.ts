// Builds the world of one life: its boards as the plan's options want them, brokers behind TLS with
// an access list, and an operator. Nothing is wrong in it yet.

import { Secret } from "../../../src/bytes/secret.js";
import { encodeUTF8 } from "../../../src/bytes/text.js";
import type { Authentication } from "../../../src/credentials/configuration.js";
import { DEFAULT_RULES, encodeRules } from "../../../src/policy/rules.js";
import { COMMAND_NAMES } from "../../../src/command/command.js";
import type { SimulatedBoard } from "../board.js";
import { WORLD_AUTHORITY } from "../board-configuration.js";
import type { BrokerConnection } from "../broker-client-host.js";
import type { Access, BrokerFinding, BrokerMessage } from "../broker-options.js";
import type { ConnectPacket } from "../broker-reader.js";
import { SimulatedBroker } from "../broker.js";
import type { ServerConnection } from "../connection.js";
import { CHAIN_BYTES } from "../tls-certificate.js";
import {
	serveTLS,
	TLSTickets,
	type SecureConnection,
	type TLSServerSettings,
} from "../tls-server.js";
import type { World } from "../world.js";
import { Commands } from "./commands.js";
import type { Fault } from "./fault.js";
import type { LifeOptions } from "./plan.js";
import type { Place, Stage } from "./stage.js";
import { openToken, type TokenTimes } from "./token-check.js";

const PORT = 8883;
const YEAR_S = 31_557_600;
const TOKEN_LIFETIME_S = 3600;
const TOKEN_AUDIENCE = "simulated";
/** Seconds that the brokers' clocks and a device's may differ. */
const TOKEN_SKEW_S = 60;
const BROKER_PIN = new Uint8Array(32).fill(0xb0);
/** Connections that are remembered: those that ended are told apart by nobody. */
const SECURED_MAX = 32;

/** Text that no byte on the wire and no report may hold. */
export const SECRETS = Object.freeze(["open-sesame-4711", "swordfish-0815"]);
const [WIFI_PASSWORD, BROKER_PASSWORD] = SECRETS as [string, string];

export interface TheatreOptions {
	readonly world: World;
	readonly options: LifeOptions;
	readonly onPublish: (message: BrokerMessage) => void;
	readonly onFinding: (finding: BrokerFinding) => void;
	readonly onClient: (broker: number, client: string, what: string) => void;
	/** A broker ended the session of a client whose token had run out. */
	readonly onExpired: (client: string) => void;
	/** A client acknowledged a message of QoS 1 or 2. */
	readonly onAcknowledged: (client: string, payload: Uint8Array) => void;
}

/** Boards without power, brokers that are up. */
export function buildStage(theatre: TheatreOptions): Stage {
	const { world, options } = theatre;
	const names = Array.from({ length: options.devices }, (_, index) => `sensor-${index + 1}`);
	const commands = new Commands(world, names);
	const tickets: TLSTickets[] = [];
	const newTickets = () => {
		const made = new TLSTickets();
		tickets.push(made);
		return made;
	};
	const places = Array.from({ length: options.brokers }, (_, index) =>
		makePlace(theatre, index, newTickets),
	);
	const boards = names.map((name) => makeBoard(theatre, name, commands));
	return {
		options,
		clock: world.clock,
		random: world.random.fork(),
		boards,
		places,
		commands,
		endings: new Map<Fault, () => void>(),
		wornBlocks: new Map(),
		tickets,
		newTickets,
		unixSeconds: () => world.unixSeconds,
		send(device, command, retain = false) {
			const topic = commands.topicOf(device);
			for (const { broker } of places) broker.publish(topic, command, { QoS: 1, retain });
			return command;
		},
		soundTLS: (index) => soundTLS(world, index, newTickets()),
	};
}

function makeBoard(
	{ world, options }: TheatreOptions,
	name: string,
	commands: Commands,
): SimulatedBoard {
	const rules = DEFAULT_RULES.map((rule) => {
		const isTelemetry = rule.channel === "telemetry";
		const publish = isTelemetry ? options.publishQoS : rule.QoS;
		return { ...rule, QoS: rule.direction === "publish" ? publish : options.subscribeQoS };
	});
	const board = world.addBoard({
		name,
		sampleIntervalMs: options.sampleIntervalMs,
		outboxBlocks: options.outboxBlocks,
		configuration: {
			servers: Array.from({ length: options.brokers }, (_, index) => ({
				host: hostOf(index),
				port: PORT,
			})),
			pins: [BROKER_PIN],
			policy: encodeRules(rules),
			operators: [{ publicKey: commands.publicKey, commands: [...COMMAND_NAMES] }],
			keepAliveS: options.keepAliveS,
			authentication: authenticationOf(options, name),
			link: { ssid: "hall", password: new Secret(encodeUTF8(WIFI_PASSWORD)) },
		},
	});
	board.path.latencyMs = options.latencyMs;
	board.handshake.fullMs = options.handshakeMs;
	board.handshake.resumedMs = Math.ceil(options.handshakeMs / 8);
	board.clock.isSNTPBlocked = !options.hasNetworkTime;
	return board;
}

function authenticationOf({ authentication }: LifeOptions, name: string): Authentication {
	switch (authentication) {
		case "certificate":
			return { kind: "certificate" };
		case "password":
			return {
				kind: "password",
				user: name,
				password: new Secret(encodeUTF8(BROKER_PASSWORD)),
			};
		case "token":
			return {
				kind: "token",
				audience: TOKEN_AUDIENCE,
				user: name,
				lifetimeS: TOKEN_LIFETIME_S,
			};
	}
}

function makePlace(theatre: TheatreOptions, index: number, newTickets: () => TLSTickets): Place {
	const { world, onPublish, onFinding, onClient, onAcknowledged } = theatre;
	const random = world.random.fork();
	const tls = soundTLS(world, index, newTickets());
	const secured: SecureConnection[] = [];
	let address = addressOf(index, 0);
	let moves = 0;
	const listen = (onConnection: (connection: BrokerConnection) => void) =>
		world.network.listen(address, PORT, (connection: ServerConnection) =>
			serveTLS(connection, tls, random, (secure) => {
				secured.push(secure);
				if (secured.length > SECURED_MAX) secured.shift();
				onConnection(secure);
			}),
		);
	const broker: SimulatedBroker = new SimulatedBroker({
		clock: world.clock,
		random: world.random.fork(),
		listen,
		deliversAtRelease: theatre.options.deliversAtRelease === true,
		onPublish,
		onFinding,
		onAcknowledged: (client, { payload }) => onAcknowledged(client, payload),
		onClient: (client, what) => onClient(index, client, what),
		access: (client, packet, name) => judgeClient(theatre, broker, { client, packet, name }),
	});
	world.network.names.set(hostOf(index), address);
	return {
		broker,
		tls,
		secured,
		move() {
			if (!broker.isUp) return;
			address = addressOf(index, ++moves);
			world.network.names.set(hostOf(index), address);
			broker.restart({ keepsSessions: true });
		},
	};
}

interface Applicant {
	readonly client: string;
	readonly packet: ConnectPacket;
	readonly name: string | undefined;
}

/** Its name is that of its certificate, and it knows what it must know. */
function judgeClient(
	theatre: TheatreOptions,
	broker: SimulatedBroker,
	{ client, packet, name }: Applicant,
): Access | number {
	const { world, options } = theatre;
	if (name !== client) return 5;
	const { password } = packet;
	if (name !== "" && options.authentication === "password") {
		const expected = encodeUTF8(BROKER_PASSWORD);
		const isKnown = password?.length === expected.length;
		if (!isKnown || !expected.every((byte, at) => byte === password[at])) return 4;
	}
	if (options.authentication === "token") {
		const times = tokenOf(theatre, client, password);
		const now = world.unixSeconds;
		if (!times || times.iat > now + TOKEN_SKEW_S || times.exp <= now) return 5;
		endAtExpiry(theatre, broker, client, times.exp);
	}
	return {
		publish: ["telemetry", "event", "result", "log"].map((last) => `holdfast/${client}/${last}`),
		subscribe: [`holdfast/${client}/command`],
	};
}

function tokenOf(
	{ world, options }: TheatreOptions,
	client: string,
	password: Uint8Array | undefined,
): TokenTimes | undefined {
	const board = world.boards.find(({ name }) => name === client);
	if (options.authentication !== "token" || board === undefined) return undefined;
	return (
		password &&
		openToken(password, {
			device: client,
			audience: TOKEN_AUDIENCE,
			lifetimeS: TOKEN_LIFETIME_S,
			verify: (message, signature) =>
				board.crypto.ed25519Verify(board.publicKey, message, signature),
		})
	);
}

/** The broker ends what its token does not cover any more. */
function endAtExpiry(
	theatre: TheatreOptions,
	broker: SimulatedBroker,
	client: string,
	exp: number,
): void {
	const { world, onExpired } = theatre;
	world.clock.schedule(
		() => {
			const present = broker.client(client);
			const times = tokenOf(theatre, client, present?.connectPacket?.password);
			if (!present?.isOnline || !times || times.exp > world.unixSeconds) return;
			onExpired(client);
			present.end("kicked", "close");
		},
		(exp - world.unixSeconds) * 1000,
	);
}

/** How the broker of place `index` speaks TLS when nothing is wrong. */
export function soundTLS(world: World, index: number, tickets: TLSTickets): TLSServerSettings {
	return {
		certificate: {
			authority: WORLD_AUTHORITY,
			names: [hostOf(index)],
			notBefore: world.startUnixSeconds - YEAR_S,
			notAfter: world.startUnixSeconds + YEAR_S,
			keyPin: BROKER_PIN,
			chainBytes: CHAIN_BYTES,
		},
		acceptClient: (certificate) => certificate?.authority === WORLD_AUTHORITY,
		version: "1.2",
		refusal: "alert",
		tickets,
		failure: undefined,
	};
}

/** The name of the broker at place `index`. */
export function hostOf(index: number): string {
	return index === 0 ? "broker.example" : `broker-${index + 1}.example`;
}

function addressOf(index: number, moves: number): string {
	return `192.0.2.${1 + index * 100 + (moves % 90)}`;
}
