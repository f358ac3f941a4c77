import { once } from "node:events";
import { createServer } from "node:net";

/** A door that others wait at by trying to connect: closed until it is opened. */
export type Gate = AsyncDisposable & {
  /** Where they try: `host:port`. */
  readonly address: string;
  open(): Promise<void>;
};

export function createGate(port: number): Gate {
  const server = createServer((socket) => socket.destroy());
  return {
    address: `127.0.0.1:${port}`,
    async open() {
      await once(server.listen(port, "127.0.0.1"), "listening");
    },
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
