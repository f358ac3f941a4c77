import { createServer, connect as openConnection, type Socket } from "node:net";

/** One address in front of servers that come and go, as a load balancer or a line between data centers is. */
export type Relay = AsyncDisposable & {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Where new connections are led from now on, each to the next of these; those that are open stay where they are. */
  lead(...to: readonly string[]): void;
  /**
   * From the first bytes that hold this text on, what is sent to the server on that connection is kept back; resolves when
   * that has happened. `release` sends it on.
   */
  hold(text: string): Promise<{ release(): void }>;
};

export async function startRelay(first: string): Promise<Relay> {
  let targets: readonly string[] = [first];
  let turn = 0;
  let wanted: { readonly text: string; readonly held: (held: { release(): void }) => void } | undefined;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    turn += 1;
    const [host = "", port = ""] = targets[turn % targets.length]?.split(":") ?? [];
    const upstream = openConnection({ host, port: Number(port) });
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    let kept: Buffer[] | undefined;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        open.delete(socket);
        end();
      });
    }
    upstream.pipe(client);
    client.on("data", (chunk: Buffer) => {
      if (kept) return void kept.push(chunk);
      if (!wanted || !chunk.includes(wanted.text)) return void upstream.write(chunk);
      const { held } = wanted;
      wanted = undefined;
      kept = [chunk];
      held({
        release() {
          for (const each of kept ?? []) upstream.write(each);
          kept = undefined;
        },
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the relay has no port");
  return {
    address: `127.0.0.1:${bound.port}`,
    lead(...to) {
      targets = to;
    },
    hold: (text) =>
      new Promise((held) => {
        wanted = { text, held };
      }),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
