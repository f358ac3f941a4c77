import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { addressKey, type ConnectionCaps, createConnectionCounts } from "./listener-counts.ts";
import { awaitGreeting } from "./listener-greeting.ts";
import { createRefusalTeller, type Refusals } from "./listener-refusals.ts";
import { createSecure, type ListenerTls } from "./listener-tls.ts";

export type ListenerLimits = ConnectionCaps & {
  /** How long a connection may take until it has shaken hands (with TLS) and greeted in HTTP/2. */
  readonly handshakeTimeoutMs: number;
};

export type ConnectionRefusal =
  | "too-many"
  | "too-many-streams"
  | "too-many-of-address"
  | "handshake-failed"
  | "handshake-timeout"
  | "not-http2"
  | "not-accepted";

/** Connections that came to nothing; at most one note a second. */
export type ListenerNote = {
  readonly kind: "connections-refused";
  /** Of the xDS server, unless told. */
  readonly server?: string;
} & Refusals<ConnectionRefusal>;

/** What takes over a connection that has greeted; grpc-js's `server.createConnectionInjector(…)`. */
export type Injector = { injectConnection(socket: Duplex): void; drain(graceTimeMs: number): void };

/** Disposing of it ends all connections. */
export type Listener = AsyncDisposable & {
  readonly host: string;
  readonly port: number;
  /** Connections that are open. */
  connections(): number;
  /** Ends the connection of a peer (`address:port`, as `call.getPeer()` has it) without waiting for it to take what was written. */
  drop(peer: string): void;
};

// A client that does not read is not waited for.
const partingMs = 500;

/**
 * Listens, and hands over the connections that greet in HTTP/2. grpc-js by itself keeps a connection that says nothing for
 * ever, and as many of them as come. One that has not greeted costs a socket here (3 KB, measured), not an HTTP/2 session
 * (27 KB). Port 0 takes a free one. Rejects when it cannot listen.
 */
export async function startListener({
  host,
  port,
  tls,
  limits,
  injector,
  named = { server: "xDS", setting: "--xds" },
  admits = () => true,
  observe,
  monotonicMs = () => performance.now(),
}: {
  readonly host: string;
  readonly port: number;
  /** Plaintext, if undefined. */
  readonly tls: ListenerTls | undefined;
  readonly limits: ListenerLimits;
  readonly injector: Injector;
  /** How people know this server, and what says where it listens; xDS unless told. */
  readonly named?: { readonly server: string; readonly setting: string };
  /** Would a stream of this address be admitted now? A connection that could only be refused is not begun. */
  readonly admits?: (address: string) => boolean;
  readonly observe: (note: ListenerNote) => void;
  readonly monotonicMs?: () => number;
}): Promise<Listener> {
  const counts = createConnectionCounts();
  const open = new Map<string, Socket>();
  const greeting = new Set<Socket>();
  const refusals = createRefusalTeller<ConnectionRefusal>({
    tell: (told) => observe({ kind: "connections-refused", ...told }),
    monotonicMs,
  });
  const secure = tls && createSecure(tls);
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, accept);

  function accept(socket: Socket): void {
    // Whatever happens to a connection, its close event says so.
    socket.on("error", () => undefined);
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const peer = `${remoteAddress}:${remotePort}`;
    const excess = admits(addressKey(remoteAddress)) ? counts.add(remoteAddress, limits) : "too-many-streams";
    if (excess !== undefined) {
      // A reset leaves nothing behind here; a proper end would leave a TIME_WAIT for each of a storm.
      socket.resetAndDestroy();
      refusals.add({ reason: excess, peer, says: excessText(excess, limits) });
      return;
    }
    open.set(peer, socket);
    socket.once("close", () => {
      open.delete(peer);
      greeting.delete(socket);
      counts.remove(remoteAddress);
    });
    greeting.add(socket);
    const says = `it did not greet in HTTP/2 within ${limits.handshakeTimeoutMs} ms`;
    // What has come by then is read first: when thousands connect at once it is we who are late.
    const late = setTimeout(() => setImmediate(() => refuse("handshake-timeout", says)), limits.handshakeTimeoutMs);
    socket.once("close", () => clearTimeout(late));

    function refuse(reason: ConnectionRefusal, says: string): void {
      if (!greeting.delete(socket)) return;
      refusals.add({ reason, peer, says });
      socket.destroy();
    }

    function hear(stream: Socket): void {
      const greeted = () => {
        clearTimeout(late);
        greeting.delete(socket);
        injector.injectConnection(stream);
      };
      awaitGreeting(stream, greeted, (says) => refuse("not-http2", says));
    }

    if (secure === undefined) hear(socket);
    else secure.accept(socket, peer, { secured: hear, failed: (says) => refuse("handshake-failed", says) });
  }

  await listen(server, { host, port }, named);
  // E.g. EMFILE, when this process may open no more files: those who are connected are served on.
  server.on("error", ({ message }) => refusals.add({ reason: "not-accepted", peer: "", says: message }));
  const { port: bound } = server.address() as AddressInfo;

  return {
    host,
    port: bound,
    connections: () => counts.all,
    drop(peer) {
      open.get(peer)?.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      // The server's own close event comes before that of its last connection.
      const closed = [...open.values()].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
      server.close();
      for (const socket of greeting) socket.destroy();
      // Says goodbye on each connection, and ends it.
      injector.drain(0);
      const impatient = setTimeout(() => {
        for (const socket of open.values()) socket.destroy();
      }, partingMs);
      await Promise.all(closed);
      clearTimeout(impatient);
    },
  };
}

type Excess = "too-many" | "too-many-of-address" | "too-many-streams";

function excessText(excess: Excess, { maxConnections, maxConnectionsPerAddress }: ConnectionCaps): string {
  switch (excess) {
    case "too-many":
      return `${maxConnections} connections are open, as many as may be`;
    case "too-many-of-address":
      return `its address has ${maxConnectionsPerAddress} connections open, as many as it may`;
    case "too-many-streams":
      return "more streams are being opened than can be served";
  }
}

// Connections that wait to be accepted, as many as the kernel allows (net.core.somaxconn, 4,096 on Linux). With Node's own
// 511 a storm of 5,000 on a busy machine ran over, and the kernel reset what its clients took for connections (measured).
const backlog = 65_535;

async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  { server: name, setting }: { readonly server: string; readonly setting: string },
): Promise<void> {
  try {
    await once(server.listen({ host, port, backlog }), "listening");
  } catch (cause) {
    const at = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    throw new Error(`${name} cannot listen on ${at}: ${reasonOf(cause, setting)}`, { cause });
  }
}

function reasonOf(cause: unknown, setting: string): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return `the port is taken; is another Weir running? Choose another ${setting} address`;
  if (code === "EADDRNOTAVAIL") return "this machine does not have that address";
  if (code === "EACCES") return "this user may not listen on that port; ports below 1024 are the system's";
  return message;
}
