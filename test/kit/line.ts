import { once } from "node:events";
import { type AddressInfo, createServer, connect as openConnection, type Socket } from "node:net";

/** An address that leads to another one: all that a client sends comes by here, and all that it gets. */
export type Line = AsyncDisposable & {
  /** `127.0.0.1:port`. */
  readonly address: string;
};

/** `target` is where the next connection leads, `host:port`; `join` moves bytes between its two ends, or `cut`s it. */
export async function startLine(
  target: () => string,
  join: (client: Socket, upstream: Socket, cut: () => void) => void,
): Promise<Line> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const [host = "", port = ""] = target().split(":");
    const upstream = openConnection({ host, port: Number(port) });
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", cut);
      socket.on("close", () => {
        open.delete(socket);
        cut();
      });
    }
    join(client, upstream, cut);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
