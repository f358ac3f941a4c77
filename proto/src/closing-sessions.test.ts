import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { letClosingSessionsFinish } from "./closing-sessions.ts";

letClosingSessionsFinish();

const path = "/test.Watches/Watch";
const bytes = (value: Buffer) => value;
const watch = {
  path,
  requestStream: false,
  responseStream: true,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
} as const;

/** Pings after 50 ms of quiet; each watch says one thing at once and one after 400 ms. */
async function startWatchServer({ patienceMs = 60_000 } = {}) {
  const server = new Server({ "grpc.keepalive_time_ms": 50, "grpc.keepalive_timeout_ms": patienceMs });
  server.addService(
    { watch },
    {
      async watch(call: ServerWritableStream<Buffer, Buffer>) {
        call.write(Buffer.from("running"));
        await delay(400);
        call.write(Buffer.from("ended"));
        call.end();
      },
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
  const address = `127.0.0.1:${await promise}`;
  return { server, address, [Symbol.dispose]: () => server.forceShutdown() };
}

async function beginWatch(client: Client) {
  const call = client.makeServerStreamRequest(path, bytes, bytes, Buffer.alloc(0));
  const said: string[] = [];
  call.on("data", (event: Buffer) => said.push(String(event)));
  call.on("error", () => undefined);
  const ended = new Promise<StatusObject>((resolve) => call.on("status", resolve));
  await once(call, "data");
  return async () => ({ code: (await ended).code, said });
}

test("a server that shuts down lets its watches finish, however often it would ping meanwhile", async () => {
  using started = await startWatchServer();
  using client = disposable(new Client(started.address, credentials.createInsecure()));
  const end = await beginWatch(client);
  const down = Promise.withResolvers<void>();
  started.server.tryShutdown(() => down.resolve());
  assert.deepEqual(await end(), { code: 0, said: ["running", "ended"] });
  await down.promise;
});

test("a client that leaves its connection has its watches finished", async () => {
  using started = await startWatchServer();
  using client = disposable(new Client(started.address, credentials.createInsecure()));
  const end = await beginWatch(client);
  client.close();
  assert.deepEqual(await end(), { code: 0, said: ["running", "ended"] });
});

test("a client that has fallen silent is still cut off", async () => {
  using started = await startWatchServer({ patienceMs: 50 });
  const [host = "", port] = started.address.split(":");
  let silence = () => undefined as unknown;
  await using relay = createServer((near) => {
    const far = connect(Number(port), host);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    far.on("close", () => near.destroy());
    silence = () => near.unpipe(far);
  });
  await once(relay.listen(0, "127.0.0.1"), "listening");
  using client = disposable(
    new Client(`127.0.0.1:${(relay.address() as AddressInfo).port}`, credentials.createInsecure()),
  );
  const end = await beginWatch(client);
  silence();
  assert.deepEqual(await end(), { code: status.UNAVAILABLE, said: ["running"] });
});

function disposable(client: Client) {
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}
