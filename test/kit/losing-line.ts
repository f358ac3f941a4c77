import { once } from "node:events";
import { type AddressInfo, createServer, connect as openConnection, type Socket } from "node:net";

/** A line to a Kafka which loses answers: what was asked has been done, and who asked does not learn of it. */
export type LosingLine = AsyncDisposable & {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Where connections lead from now on. */
  lead(to: string): void;
  /** Cuts the next connection that sends this text, once the server answers; resolves when that has happened. */
  loseAnswerTo(text: string): Promise<void>;
};

export async function startLosingLine(): Promise<LosingLine> {
  let target = "";
  let wanted: { readonly text: string; readonly lost: () => void } | undefined;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const [host = "", port = ""] = target.split(":");
    const upstream = openConnection({ host, port: Number(port) });
    let loses: { readonly id: number; readonly lost: () => void } | undefined;
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        open.delete(socket);
        end();
      });
    }
    client.on("data", (chunk: Buffer) => {
      const id = wanted && idOfRequest(chunk, wanted.text);
      if (wanted && id !== undefined) {
        loses = { id, lost: wanted.lost };
        wanted = undefined;
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      // Of small answers each is a chunk of its own: its length, and the id of its request.
      if (!loses || chunk.length < 8 || chunk.readInt32BE(4) !== loses.id) return void client.write(chunk);
      end();
      loses.lost();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead(to) {
      target = to;
    },
    loseAnswerTo: (text) =>
      new Promise((lost) => {
        wanted = { text, lost };
      }),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** The correlation id of the request that holds this text, in a chunk of whole requests (Kafka's protocol guide). */
function idOfRequest(chunk: Buffer, text: string): number | undefined {
  for (let at = 0; at + 12 <= chunk.length; at += 4 + chunk.readInt32BE(at)) {
    if (chunk.subarray(at, at + 4 + chunk.readInt32BE(at)).includes(text)) return chunk.readInt32BE(at + 8);
  }
  return undefined;
}
