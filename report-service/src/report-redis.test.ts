import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "@redis/client";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { lacksRedis, startRedis } from "../../test/kit/redis.ts";
import { until } from "../../test/kit/wait.ts";
import { createOne, failure, untilState } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import type { ReportClient } from "./client.ts";

const metric = async (address: string, line: RegExp) => {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  return Number(line.exec(text)?.[1] ?? 0);
};

/** Creates reports one after the other for so long. */
async function createFor(client: ReportClient, ms: number): Promise<readonly string[]> {
  const names = [];
  for (const end = performance.now() + ms; performance.now() < end; )
    names.push(await createOne(client, "wide", { rows: 1 }));
  return names;
}

/** How often a Redis was asked for an allowance, and told of a report: each create does the one, and is the other several times. */
async function askedOf(url: string): Promise<number> {
  const look = createClient({ url });
  await look.connect();
  using _looking = { [Symbol.dispose]: () => look.destroy() };
  const counts = (await look.info("commandstats")).matchAll(/^cmdstat_(?:evalsha|publish):calls=(\d+)/gm);
  return [...counts].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

test("while Redis is halted for 5 s reports are accepted, made, followed and read, and Redis is hardly asked", {
  skip: lacksRedis,
}, async (t) => {
  await using redis = await startRedis();
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, [
    ...["--cache", redis.url, "--bulletin", redis.url, "--tenant-rate", "1000000/1000000"],
    ...["--queue-limit", "100000", "--metrics", "127.0.0.1:0"],
  ]);
  const { client, metrics = "" } = server;
  const first = await createOne(client, "wide", { rows: 1 });
  await untilState(client, first, State.SUCCEEDED);
  const before = await askedOf(redis.url);

  redis.freeze();
  const frozenMs = performance.now();
  const names = await createFor(client, 5_000);
  for (const name of names.slice(-20)) await untilState(client, name, State.SUCCEEDED);
  assert.equal((await client.getReport(first)).value.state, State.SUCCEEDED);
  const lastedMs = performance.now() - frozenMs;
  redis.thaw();

  // What it was sent meanwhile is carried out now.
  const asked = (await askedOf(redis.url)) - before;
  t.diagnostic(`${names.length} reports, for which Redis was asked ${asked} times in ${Math.round(lastedMs)} ms`);
  // Those that find out together, and then one in each half second, on the line of the cache and on that of the bulletin.
  assert.ok(asked <= 10 + 2 * (lastedMs / 500), `${asked} commands in ${lastedMs} ms`);
  assert.ok((await metric(metrics, /^report_redis_lost_total (\d+)/m)) >= 1);
});

test("a report that one server deletes no other one reads from memory any more, with a Redis that they share", {
  skip: lacksRedis,
}, async () => {
  await using redis = await startRedis();
  await using directory = await temporaryDirectory();
  const flags = ["--cache", redis.url, "--cache-keep", "1h", "--metrics", "127.0.0.1:0"];
  await using one = await startServer(directory.path, flags);
  await using two = await startServer(directory.path, flags);
  const name = await createOne(one.client, "wide", { rows: 1 });
  await untilState(one.client, name, State.SUCCEEDED);
  const read = async () => (await two.client.getReport(name)).value;
  const first = await read();
  assert.deepEqual(await read(), first);
  assert.ok((await metric(two.metrics ?? "", /^report_reads_total\{from="memory"\} (\d+)/m)) > 0);
  // A busy machine may miss the 50 ms that Redis has, and then what is remembered is this server's alone.
  const isShared = async () => {
    const other = await createOne(one.client, "wide", { rows: 1 });
    await untilState(one.client, other, State.SUCCEEDED);
    for (const { client } of [two, one]) await client.getReport(other);
    const counts = await Promise.all([one, two].map(({ metrics = "" }) => metric(metrics, /from="shared"\} (\d+)/)));
    return counts.some((count) => count > 0);
  };
  await until(isShared, { within: 30_000, what: "a report that comes from the shared cache" });

  await one.client.deleteReport({ name });
  const gone = () =>
    read().then(
      () => false,
      () => true,
    );
  await until(gone, { within: 30_000, what: "the other server no longer has it" });
  assert.equal((await failure(read())).reason, "NOT_FOUND");
});

test("what a kind marks as sensitive lies in Redis as in the store, encrypted", { skip: lacksRedis }, async () => {
  await using redis = await startRedis();
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, [
    ...["--cache", redis.url, "--cache-keep", "0s", "--encrypt", "all"],
  ]);
  const name = await createOne(server.client, "secretive", { secret: "canary-in-a-mine", open: "canary-in-a-cage" });
  await untilState(server.client, name, State.SUCCEEDED);
  const look = createClient({ url: redis.url });
  await look.connect();
  using _looking = { [Symbol.dispose]: () => look.destroy() };
  const key = `weir:report:${name.replace(/^tenants\/(.*)\/reports\//, "$1/")}`;
  // On a busy machine Redis may not answer in its 50 ms, and is then passed over until the next read.
  const readAndLook = async () => {
    await server.client.getReport(name);
    return look.get(key);
  };
  const text = await until(readAndLook, { within: 30_000, what: "it is in Redis" });
  assert.match(String(text), /"sealed"/);
  assert.doesNotMatch(String(text), /canary/);
});

test("workers hear of reports through Redis Streams, and their watchers through another server", {
  skip: lacksRedis,
}, async () => {
  await using redis = await startRedis({ durable: true });
  await using directory = await temporaryDirectory();
  const flags = ["--queue", `${redis.url}/1?prefix=test.`, "--bulletin", redis.url];
  await using front = await startServer(directory.path, [...flags, "--roles", "reports,results"]);
  await using _back = await startServer(directory.path, [...flags, "--roles", "worker,writer"]);
  const name = await createOne(front.client, "wide", { rows: 1 });
  await untilState(front.client, name, State.SUCCEEDED);
});
