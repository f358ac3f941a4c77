import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import {
  type ChannelOptions,
  Client,
  credentials as clientCredentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type ServiceError,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { type ListenerLimits, type ListenerNote, startListener } from "./listener.ts";
import type { ListenerTls } from "./listener-tls.ts";

const limits: ListenerLimits = { maxConnections: 0, maxConnectionsPerAddress: 0, handshakeTimeoutMs: 5_000 };
const greeting = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

const bytes = (value: Buffer) => value;
const method = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};
const service: ServiceDefinition = {
  echo: { path: "/t/Echo", requestStream: false, responseStream: false, ...method },
  hold: { path: "/t/Hold", requestStream: true, responseStream: true, ...method },
};

/** A gRPC server behind a listener. `echo` answers with the certificate's name, `hold` never ends. */
async function start({
  host = "127.0.0.1",
  tls,
  options = {},
  ...some
}: Partial<ListenerLimits> & {
  readonly host?: string;
  readonly tls?: ListenerTls;
  readonly options?: ChannelOptions;
} = {}) {
  const notes: ListenerNote[] = [];
  const holding: string[] = [];
  const server = new Server({ "grpc.enable_channelz": 0, ...options });
  const handlers: UntypedServiceImplementation = {
    echo: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) =>
      done(null, Buffer.from(String(call.getAuthContext().sslPeerCertificate?.subject.CN ?? "nobody"))),
    hold: (call: ServerDuplexStream<Buffer, Buffer>) => {
      holding.push(call.getPeer());
      call.sendMetadata(new Metadata());
    },
  };
  server.addService(service, handlers);
  const listener = await startListener({
    ...{ host, port: 0, tls },
    limits: { ...limits, ...some },
    injector: server.createConnectionInjector(ServerCredentials.createInsecure()),
    observe: (note) => notes.push(note),
  });
  const emptied = async (left = 0) => {
    while (listener.connections() > left) await new Promise(setImmediate);
  };
  return { ...listener, notes, holding, emptied, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

function clientOf(address: string, credentials = clientCredentials.createInsecure()) {
  const client = new Client(address, credentials, { "grpc.enable_retries": 0 });
  return {
    echo: () =>
      new Promise<string>((resolve, reject) => {
        const deadline = Date.now() + 60_000;
        client.makeUnaryRequest("/t/Echo", bytes, bytes, Buffer.alloc(0), { deadline }, (error, value) =>
          error ? reject(error) : resolve(String(value)),
        );
      }),
    hold: () => client.makeBidiStreamRequest("/t/Hold", bytes, bytes),
    [Symbol.dispose]: () => client.close(),
  };
}

async function dial(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Resolves when the server has ended the connection. */
async function ended(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}

for (const host of ["127.0.0.1", "::1"]) {
  test(`a gRPC client is served on ${host}`, async () => {
    await using server = await start({ host });
    using client = clientOf(host === "::1" ? `[::1]:${server.port}` : `${host}:${server.port}`);
    assert.equal(await client.echo(), "nobody");
    assert.equal(server.connections(), 1);
    assert.equal(server.notes.length, 0);
  });
}

test("a greeting may come in pieces", async (t) => {
  await using server = await start();
  const socket = await dial(t, server.port);
  await new Promise((written) => socket.setNoDelay().write(greeting.subarray(0, 10), written));
  socket.write(Buffer.concat([greeting.subarray(10), settings]));
  const [answer] = (await once(socket, "data")) as [Buffer];
  assert.equal(answer[3], 4, "the server greets with its SETTINGS");
});

test("who says nothing is sent away in time, and told of once", async (t) => {
  await using server = await start({ handshakeTimeoutMs: 50 });
  const sockets = await Promise.all([dial(t, server.port), dial(t, server.port)]);
  sockets[1]?.write(greeting.subarray(0, 23));
  await Promise.all(sockets.map(ended));
  await server.emptied();
  const [note] = server.notes;
  assert.equal(server.notes.length, 1);
  assert.deepEqual(note?.reasons, { "handshake-timeout": 1 });
});

for (const { speaks, says } of [
  { speaks: Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]), says: /speaks TLS, and this port is plaintext/ },
  { speaks: Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n"), says: /HTTP\/1/ },
  { speaks: Buffer.alloc(100, 7), says: /no HTTP\/2/ },
]) {
  test(`a stranger is sent away at once: ${says.source}`, async (t) => {
    await using server = await start();
    const socket = await dial(t, server.port);
    socket.write(speaks);
    await ended(socket);
    assert.match(server.notes[0]?.says ?? "", says);
  });
}

test("an address may not take all there is, and has room again when one of its connections has gone", async (t) => {
  await using server = await start({ maxConnectionsPerAddress: 2 });
  const [first] = [await dial(t, server.port), await dial(t, server.port)];
  const third = connect(server.port, "127.0.0.1");
  third.on("error", () => undefined);
  await ended(third);
  assert.deepEqual(server.notes[0]?.reasons, { "too-many-of-address": 1 });
  assert.equal(server.connections(), 2);

  first.destroy();
  await server.emptied(1);
  using client = clientOf(`127.0.0.1:${server.port}`);
  assert.equal(await client.echo(), "nobody");
});

test("a port that is taken is said to be taken, and by which setting to choose another", async () => {
  await using server = await start();
  const injector = { injectConnection: () => undefined, drain: () => undefined };
  await assert.rejects(
    startListener({ host: "127.0.0.1", port: server.port, tls: undefined, limits, injector, observe: () => undefined }),
    /xDS cannot listen on 127\.0\.0\.1:\d+: the port is taken; is another Weir running\? Choose another --xds address/,
  );
});

test("closing ends every connection, whether it greeted or not, and frees the port", async (t) => {
  const server = await start();
  const silent = await dial(t, server.port);
  using client = clientOf(`127.0.0.1:${server.port}`);
  await client.echo();
  const call = client.hold();
  await once(call, "metadata");
  const failed = once(call, "error") as Promise<[ServiceError]>;
  await Promise.all([ended(silent), server[Symbol.asyncDispose]()]);
  const [error] = await failed;
  assert.equal(error.code, status.CANCELLED);
  assert.equal(server.connections(), 0);
  await assert.rejects(once(connect(server.port, "127.0.0.1"), "connect"), { code: "ECONNREFUSED" });
});

test("a peer can be dropped", async () => {
  await using server = await start();
  using client = clientOf(`127.0.0.1:${server.port}`);
  await client.echo();
  const call = client.hold();
  const failed = once(call, "error") as Promise<[ServiceError]>;
  await once(call, "metadata");
  for (const peer of server.holding) server.drop(peer);
  const [error] = await failed;
  assert.equal(error.code, status.UNAVAILABLE);
});

test("a connection that greeted and then did nothing is ended", async (t) => {
  await using server = await start({ options: { "grpc.max_connection_idle_ms": 100 } });
  const socket = await dial(t, server.port);
  socket.write(Buffer.concat([greeting, settings]));
  await ended(socket);
  await server.emptied();
});

test("a connection that never comes to the end of its headers cannot answer a ping either, and is ended", async (t) => {
  await using server = await start({ options: { "grpc.keepalive_time_ms": 100, "grpc.keepalive_timeout_ms": 100 } });
  const socket = await dial(t, server.port);
  const partOfHeaders = Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x83]);
  socket.write(Buffer.concat([greeting, settings, partOfHeaders]));
  await ended(socket);
  await server.emptied();
});

test("connections that grow old are asked to leave, and ended if they do not", async () => {
  await using server = await start({
    options: { "grpc.max_connection_age_ms": 200, "grpc.max_connection_age_grace_ms": 100 },
  });
  using client = clientOf(`127.0.0.1:${server.port}`);
  await client.echo();
  const [error] = (await once(client.hold(), "error")) as [ServiceError];
  assert.equal(error.code, status.UNAVAILABLE);
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
test("with TLS, who has a certificate of our authorities is served and others are named", {
  skip: !hasOpenssl,
}, async (t) => {
  const pems = await makeCertificates(t);
  const tls = { certificates: pems.server.cert, key: pems.server.key, clientAuthorities: pems.authority.cert };
  await using server = await start({ tls });
  const { cert, key } = pems.client;
  using client = clientOf(`localhost:${server.port}`, clientCredentials.createSsl(pems.authority.cert, key, cert));
  assert.equal(await client.echo(), "client");
  assert.equal(server.notes.length, 0);

  using stranger = clientOf(`localhost:${server.port}`, clientCredentials.createSsl(pems.authority.cert));
  await assert.rejects(stranger.echo(), { code: status.UNAVAILABLE });
  using plain = clientOf(`localhost:${server.port}`);
  await assert.rejects(plain.echo());
  const [refused] = server.notes;
  assert.deepEqual(Object.keys(refused?.reasons ?? {}), ["handshake-failed"]);
});

test("a TLS handshake that never ends is ended in time", { skip: !hasOpenssl }, async (t) => {
  const pems = await makeCertificates(t);
  const tls = { certificates: pems.server.cert, key: pems.server.key, clientAuthorities: undefined };
  await using server = await start({ tls, handshakeTimeoutMs: 100 });
  const socket = await dial(t, server.port);
  socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0]));
  await ended(socket);
  assert.deepEqual(server.notes[0]?.reasons, { "handshake-timeout": 1 });
});

type Pems = Readonly<Record<"authority" | "server" | "client", { readonly cert: Buffer; readonly key: Buffer }>>;

async function makeCertificates(t: TestContext): Promise<Pems> {
  const dir = await mkdtemp(join(tmpdir(), "weir-listener-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const at = (name: string) => join(dir, name);
  const openssl = (...args: readonly string[]) => promisify(execFile)("openssl", [...args]);
  const make = async (name: string, subject: string, more: readonly string[]) => {
    const out = ["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`)];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    await openssl("req", "-x509", ...kind, "-subj", `/CN=${subject}`, ...out, ...more);
    return { cert: await readFile(at(`${name}.pem`)), key: await readFile(at(`${name}.key`)) };
  };
  const authority = await make("authority", "authority", []);
  const signed = ["-CA", at("authority.pem"), "-CAkey", at("authority.key"), "-addext", "subjectAltName=DNS:localhost"];
  return {
    authority,
    server: await make("server", "localhost", signed),
    client: await make("client", "client", signed),
  };
}
