import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createFrameReader, type Frame, frameType, preface, settings, settingsAck } from "./frames.ts";

export type Target = { readonly host: string; readonly port: number };

/** A TCP connection on which HTTP/2 is spoken by hand. */
export type RawClient = Disposable & {
  readonly socket: Socket;
  /** What the server sent, in order; the last 1,000 frames. */
  readonly frames: readonly Frame[];
  /** The server has closed it, or it broke. */
  closed(): boolean;
  /** Writes, and waits until the kernel took it or the server closed; false: it is closed. */
  send(bytes: Uint8Array): Promise<boolean>;
};

/** Connects and says nothing yet. */
export async function connectRaw({ host, port }: Target): Promise<RawClient> {
  const socket = connect({ host, port, noDelay: true });
  let closed = false;
  const frames: Frame[] = [];
  const read = createFrameReader();
  socket.on("data", (bytes) => {
    frames.push(...read(bytes));
    if (frames.length > 1_000) frames.splice(0, frames.length - 1_000);
  });
  // A server that ends a hostile connection does it with a reset as often as not.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    closed = true;
  });
  await Promise.race([once(socket, "connect"), once(socket, "close")]);
  return {
    socket,
    frames,
    closed: () => closed,
    async send(bytes) {
      if (closed || socket.destroyed || !socket.writable) return false;
      if (!socket.write(bytes))
        await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => undefined);
      return !socket.destroyed;
    },
    [Symbol.dispose]() {
      socket.destroy();
    },
  };
}

/** Connects, greets with these SETTINGS, and acknowledges those of the server. */
export async function connectHttp2(target: Target, values: Readonly<Record<number, number>> = {}): Promise<RawClient> {
  const client = await connectRaw(target);
  await client.send(Buffer.concat([preface, settings(values)]));
  for (let waited = 0; waited < 5_000 && !client.closed(); waited += 5) {
    if (client.frames.some(({ type }) => type === frameType.settings)) break;
    await delay(5);
  }
  await client.send(settingsAck);
  return client;
}
