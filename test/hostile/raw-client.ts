import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createFrameReader, type Frame, frameType, pingAnswer, preface, settings, settingsAck } from "./frames.ts";

/** `from` is the address of ours to come from. */
export type Target = { readonly host: string; readonly port: number; readonly from?: string };

/** A TCP connection on which HTTP/2 is spoken by hand; only PINGs are answered by themselves. */
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
export async function connectRaw({ host, port, from }: Target): Promise<RawClient> {
  const socket = connect({ host, port, noDelay: true, ...(from === undefined ? {} : { localAddress: from }) });
  let closed = false;
  const frames: Frame[] = [];
  const read = createFrameReader();
  socket.on("data", (bytes) => {
    for (const frame of read(bytes)) {
      frames.push(frame);
      // Whoever does not answer is taken for dead.
      if (frame.type === frameType.ping && frame.flags === 0) socket.write(pingAnswer(frame.payload));
    }
    if (frames.length > 1_000) frames.splice(0, frames.length - 1_000);
  });
  // A server that ends a hostile connection does it with a reset as often as not.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    closed = true;
  });
  await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), closing(socket)]);
  return {
    socket,
    frames,
    closed: () => closed,
    async send(bytes) {
      if (closed || socket.destroyed || !socket.writable) return false;
      if (!socket.write(bytes))
        await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), closing(socket)]);
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
  const greeted = once(client.socket, "data").catch(() => undefined);
  await client.send(Buffer.concat([preface, settings(values)]));
  await Promise.race([greeted, closing(client.socket)]);
  await client.send(settingsAck);
  return client;
}

function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once("close", () => resolve())));
}
