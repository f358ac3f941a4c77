import assert from "node:assert/strict";
import { test } from "node:test";
import { connections } from "../hostile/attack.ts";
import { frameType } from "../hostile/frames.ts";
import { connectHonest, isServed } from "../hostile/honest-client.ts";
import type { RawClient } from "../hostile/raw-client.ts";
import { callWith, deltaRequest, node, types } from "../hostile/requests.ts";
import { startServer } from "../hostile/server.ts";
import { until } from "../kit/wait.ts";

const clients = Number(process.env["WEIR_STORM_CLIENTS"] ?? 1_000);
const clusters = 100;
const names = Array.from({ length: clusters }, (_, index) => `cluster-${String(index).padStart(5, "0")}`);

/** All clusters and all their endpoints, as a proxy asks for them that has just connected. */
function ask(client: RawClient, index: number): Promise<boolean> {
  const first = deltaRequest({ node: { ...node, id: `proxy-${index}` }, typeUrl: types.cluster });
  return client.send(callWith(1, first, deltaRequest({ typeUrl: types.endpoints, resourceNamesSubscribe: names })));
}

const has = (type: number) => (client: RawClient) => client.frames.some((frame) => frame.type === type);

test(`${clients} clients that come at once are all served, and none is told to come again`, async (t) => {
  await using server = await startServer({ clusters });
  using honest = connectHonest(server.target);
  await isServed(honest, server);
  const before = await server.stats();
  const began = performance.now();
  const all = await connections(server.target, clients);
  await Promise.all(all.map(ask));
  await until(() => all.every(has(frameType.data)), { within: 60_000, what: "all have a first response" });
  const tookMs = performance.now() - began;
  const servedMs = await isServed(honest, server);
  const after = await server.stats();
  assert.equal(after.clients, clients + 1);
  assert.equal(after.counts["streams-refused"], undefined);
  assert.equal(after.counts["connections-refused"], undefined);
  for (const client of all) client[Symbol.dispose]();
  await until(async () => (await server.stats()).clients === 1, { within: 30_000, what: "all are gone" });
  t.diagnostic(
    `${Math.round(tookMs)} ms, ${(((after.cpuMs - before.cpuMs) * 1_000) / clients).toFixed(0)} us of CPU and ` +
      `${((after.rssBytes - before.rssBytes) / clients / 1024).toFixed(0)} KiB resident each; a change took ${Math.round(servedMs)} ms`,
  );
});

test("more than may come are told when to come again, for less than serving them costs, and are served then", async (t) => {
  await using server = await startServer({ clusters, limits: { streamBurst: 400, streamsPerSecond: 10 } });
  using honest = connectHonest(server.target);
  await isServed(honest, server);
  const all = await connections(server.target, 300);
  const before = await server.stats();
  await Promise.all(all.map(ask));
  await until(() => all.every(has(frameType.headers)), { within: 60_000, what: "all are answered" });
  const served = all.filter(has(frameType.data));
  const { last } = await server.stats();
  assert.ok(
    served.length >= 199 && served.length < 300,
    `${served.length} of 300 are served: half of the burst is for others`,
  );
  assert.match(String(last["streams-refused"]?.["says"]), /more streams are being opened than can be served/);
  await isServed(honest, server);

  // As honest clients do: those that were refused come again, on the same connection, until they are served.
  const waiting = new Set(all.filter((client) => !served.includes(client)));
  let stream = 1;
  await until(
    async () => {
      stream += 2;
      for (const [index, client] of [...waiting].entries()) {
        const first = deltaRequest({ node: { ...node, id: `proxy-${index}` }, typeUrl: types.cluster });
        await client.send(callWith(stream, first));
      }
      for (const client of waiting) if (has(frameType.data)(client)) waiting.delete(client);
      return waiting.size === 0;
    },
    { within: 90_000, what: "all are served in the end", everyMs: 500 },
  );
  assert.ok(all.every((client) => !client.closed()));
  const after = await until(
    async () => {
      const now = await server.stats();
      return (now.counts["streams-refused"] ?? 0) >= 300 - served.length && now;
    },
    { within: 30_000, what: "all that were refused are told of" },
  );
  t.diagnostic(
    `refused ${after.counts["streams-refused"]} times; ${Math.round(after.cpuMs - before.cpuMs)} ms of CPU in all`,
  );
});
