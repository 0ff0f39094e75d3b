import { ServerList, type Server } from "../../../src/connection/server-list.js";

const SERVERS: Server[] = ["a", "b", "c"].map((host) => ({ host, port: 8883 }));

describe("ServerList", () => {
	it("begins with the primary and goes round", () => {
		const list = new ServerList(() => SERVERS);
		const hosts = Array.from({ length: 5 }, () => {
			const { host } = list.current() as Server;
			list.rotate();
			return host;
		});
		expect(hosts).toEqual(["a", "b", "c", "a", "b"]);
	});

	it("goes back to the primary when it is preferred", () => {
		const list = new ServerList(() => SERVERS);
		list.rotate();
		list.preferPrimary();
		expect(list.current()?.host).toBe("a");
	});

	it("stays within a list that becomes shorter, or empty", () => {
		let servers = SERVERS;
		const list = new ServerList(() => servers);
		list.rotate();
		list.rotate();
		servers = SERVERS.slice(0, 2);
		expect(list.current()?.host).toBe("a");
		servers = [];
		expect(list.current()).toBeUndefined();
		list.rotate();
		servers = SERVERS;
		expect(list.current()?.host).toBe("a");
	});

	it("bounds the list", () => {
		const many = new Array<Server>(99).fill({ host: "a", port: 1 });
		expect(() => new ServerList(() => many).current()).toThrow("servers are within their limit");
	});
});
