import assert from "node:assert/strict";
import { test } from "node:test";
import { attacksOnConnections } from "../hostile/attacks-on-connections.ts";
import { connectHonest, isServed } from "../hostile/honest-client.ts";
import { proveAll } from "../hostile/prove.ts";
import { connectHttp2, connectRaw } from "../hostile/raw-client.ts";
import { startServer } from "../hostile/server.ts";
import { until } from "../kit/wait.ts";

test("however many connections are held without use, the others are served and memory stays bounded", (t) =>
  proveAll(t, attacksOnConnections));

test("connections that are held without use are ended, all of them", async (t) => {
  const limits = { handshakeTimeoutMs: 500, maxIdleMs: 1_000, keepaliveTimeMs: 500, keepaliveTimeoutMs: 2_000 };
  await using server = await startServer({ limits });
  using honest = connectHonest(server.target);
  await isServed(honest, server);
  const { sockets } = await server.stats();
  for (const attack of attacksOnConnections) {
    await t.test(attack.name, async () => {
      const clients = await attack.run(server.target, Math.ceil(attack.count / 10));
      await until(async () => (await server.stats()).sockets <= sockets, {
        within: 25_000,
        what: "the server has ended them",
        everyMs: 100,
      });
      for (const client of clients) client[Symbol.dispose]();
      await isServed(honest, server);
    });
  }
  const { last } = await server.stats();
  assert.ok(last["connections-refused"] !== undefined);
});

test("an address that has taken its share is told of, and leaves room for others", async () => {
  await using server = await startServer({ limits: { maxConnectionsPerAddress: 20, maxConnections: 25 } });
  using honest = connectHonest(server.target);
  await isServed(honest, server);
  const clients = await Promise.all(Array.from({ length: 200 }, () => connectRaw(server.target)));
  await until(() => clients.filter((client) => client.closed()).length === 181, {
    within: 30_000,
    what: "19 are let in beside the honest one",
  });
  using stranger = await connectHttp2({ ...server.target, from: "127.0.0.2" });
  assert.equal(stranger.closed(), false);
  await isServed(honest, server);
  for (const client of clients) client[Symbol.dispose]();
  const { last } = await server.stats();
  assert.match(String(last["connections-refused"]?.["says"]), /its address has 20 connections open/);
});
