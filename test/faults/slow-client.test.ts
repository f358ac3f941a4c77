import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectHonest, type HonestClient, isServed } from "../hostile/honest-client.ts";
import { startHonestProcess } from "../hostile/honest-process.ts";
import { connectHttp2 } from "../hostile/raw-client.ts";
import { callWith, deltaRequest, node, types } from "../hostile/requests.ts";
import { type AttackedServer, type ServerStats, startServer } from "../hostile/server.ts";
import { quantile } from "../kit/quantile.ts";
import { until } from "../kit/wait.ts";

// WEIR_SLOW_CLIENT_SECONDS=60 is what is promised; nearly all of it shows in far less.
const seconds = Number(process.env["WEIR_SLOW_CLIENT_SECONDS"] ?? 6);
const ackTimeoutMs = seconds * 500;
/** As long as the slow ones are borne for sure: the server's clock for them began a little before the test's. */
const borneMs = ackTimeoutMs * 0.6;
const mostGrowthBytes = 5 * 1024 ** 2;

test("clients that stop reading under 1,000 changes a second cost nobody anything, and are ended and named", async (t) => {
  // Pings would find the stopped one earlier (half-open.test.ts): here it is to be a burden for as long as may be.
  await using server = await startServer({ ackTimeoutMs, limits: { keepaliveTimeMs: 2 * ackTimeoutMs } });
  using honest = connectHonest(server.target);
  await warmUp(server, honest);
  // One whose process is stopped, and one that answers pings but takes nothing else.
  await using stopped = await startHonestProcess(server.target, "stopped");
  using shut = await connectHttp2(server.target, { 4: 0 });
  const endpoints = deltaRequest({ typeUrl: types.endpoints, resourceNamesSubscribe: ["cluster-00000"] });
  await shut.send(callWith(1, deltaRequest({ node: { ...node, id: "shut" }, typeUrl: types.cluster }), endpoints));
  await until(async () => (await server.stats()).clients === 3, { within: 30_000, what: "all are known" });
  const before = await server.stats();
  stopped.signal("SIGSTOP");
  try {
    await endures(t, { server, honest, before });
    assert.ok(shut.closed(), "who does not even take the end of the stream loses the connection");
  } finally {
    stopped.signal("SIGCONT");
  }
});

/** What as many changes leave behind in any case: a young generation that has grown, code that was compiled. */
async function warmUp(server: AttackedServer, honest: HonestClient): Promise<void> {
  await isServed(honest, server);
  for (const ms of [2_000, borneMs]) {
    await server.bumpFor(ms);
    await delay(ms + 100);
    await server.stats();
  }
}

/** Changes a thousand times a second for as long as is asked; the slow ones must not be felt. */
async function endures(
  t: TestContext,
  {
    server,
    honest,
    before,
  }: { readonly server: AttackedServer; readonly honest: HonestClient; readonly before: ServerStats },
): Promise<void> {
  const began = performance.now();
  await server.bumpFor(seconds * 1_000);
  await delay(borneMs);
  const during = await server.stats();
  assert.equal(during.clients, 3);
  const grown = { heap: during.heldBytes - before.heldBytes, resident: during.rssBytes - before.rssBytes };
  assert.ok(grown.heap < mostGrowthBytes, `what V8 holds grew by ${grown.heap} bytes`);
  assert.ok(grown.resident < mostGrowthBytes, `resident memory grew by ${grown.resident} bytes`);
  const endedAt = await until(async () => (await server.stats()).clients === 1 && performance.now(), {
    within: 10 * ackTimeoutMs,
    what: "the slow ones are ended",
    everyMs: 100,
  });
  const slowMs = endedAt - began;
  const withSlow = gaps(honest, began, endedAt);
  await delay(Math.max(0, seconds * 1_000 - slowMs));
  const without = gaps(honest, endedAt, performance.now());
  const { slow, bumps } = await server.stats();
  assert.deepEqual(slow.toSorted(), ["shut", "stopped"]);
  // Their connections go a little later: they may take the end of their streams.
  await until(async () => (await server.stats()).sockets <= during.sockets - 2, {
    within: 30_000,
    what: "their connections are ended",
    everyMs: 100,
  });
  await isServed(honest, server);
  t.diagnostic(
    `${Math.round((bumps - before.bumps) / seconds)} changes a second; ended after ${Math.round(slowMs)} ms; ` +
      `grown by ${Math.round(grown.heap / 1024)} KiB (V8), ${Math.round(grown.resident / 1024)} KiB (resident); ` +
      `an honest client hears every ${withSlow.p50} ms (p50), ${withSlow.p99} ms (p99), without the slow ones ${without.p50} and ${without.p99}`,
  );
}

/** How long a client waits from one response to the next. */
function gaps({ receivedAt }: HonestClient, from: number, to: number): { readonly p50: string; readonly p99: string } {
  const times = receivedAt.filter((at) => at >= from && at < to);
  const waits = times.slice(1).map((at, index) => at - (times[index] ?? at));
  const at = (share: number) => quantile(waits, share).toFixed(1);
  return { p50: at(0.5), p99: at(0.99) };
}
