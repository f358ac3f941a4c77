import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import pg from "pg";

/** What the types of `pg` leave out. */
type Connection = EventEmitter & {
  readonly stream: Socket;
  connect(port: number, host: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
};
type Session = { readonly processID: number | null; readonly secretKey: number | null };

const limitMs = 2_000;

/**
 * Asks Postgres to end what a connection runs, and returns once that was heard, or cannot be. The request takes a connection
 * and a key of its own, as the protocol has it. Through a connection of the pool, `pg_cancel_backend` would wait behind what
 * is to be cancelled, and end what somebody else runs where that connection is to another server, or a pooler made up the
 * process id.
 */
export async function cancelStatement(client: pg.Client): Promise<void> {
  const { processID, secretKey } = client as pg.Client & Session;
  if (processID === null || secretKey === null) return;
  const ssl = client.ssl;
  const connection = new pg.Connection({ ssl }) as unknown as Connection;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const send = () => connection.cancel(processID, secretKey);
  connection.once("connect", ssl ? () => connection.requestSsl() : send);
  connection.once("sslconnect", send);
  // Whatever came of it is not said: Postgres just closes the connection.
  connection.once("end", resolve);
  connection.on("error", () => connection.stream.destroy());
  const late = setTimeout(() => connection.stream.destroy(), limitMs);
  connection.connect(client.port, client.host);
  await closed;
  clearTimeout(late);
}
