import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hasConsul, startConsul } from "../kit/consul.ts";
import { documentOf } from "../kit/documents.ts";
import type { CallRecord } from "../kit/echo.ts";
import { answersByDatacenter, codes } from "../kit/grpc-load.ts";
import { type Scene, seventyThirty, startScene } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";

const reason = ["--reason", "CHG-4711 switch swap"];

/** 100 requests a second through the edge and as many of the proxyless client, in short pieces, until told to stop. */
function startTraffic({ throughEdge, proxyless }: Scene) {
  const records: CallRecord[] = [];
  let isOver = false;
  const keepOn = async (load: Pick<Scene["throughEdge"], "sendAtRate">) => {
    while (!isOver) records.push(...(await load.sendAtRate({ perSecond: 100, forMs: 200 })));
  };
  const sent = Promise.all([keepOn(throughEdge), keepOn(proxyless)]);
  return {
    /** Those that began since then. */
    since: (time: number) => records.filter(({ startedAt }) => startedAt >= time),
    async stop(): Promise<readonly CallRecord[]> {
      isOver = true;
      await sent;
      return records;
    },
    // Before the scene goes: what is still sent then would fail, and hide why.
    async [Symbol.asyncDispose]() {
      isOver = true;
      await sent.catch(() => undefined);
    },
  };
}

function countOf(records: readonly CallRecord[], datacenter: string): number {
  return answersByDatacenter(records).get(datacenter) ?? 0;
}

test("a data center is drained under load and comes back by itself, over a crash of the control plane too, and no request fails", async () => {
  await using scene = await startScene();
  const { weir } = scene;
  await using traffic = startTraffic(scene);
  await until(() => countOf(traffic.since(0), "dc-a") > 50, { within: 20_000, what: "requests to dc-a" });

  const drain = await weirCommand(weir, ["traffic", "drain", "dc-a", "--for", "20s", ...reason, "--yes", "--wait"]);
  assert.equal(drain.code, 0, drain.stderr);
  assert.match(drain.stderr, /^2 of 2 clients have it/m);
  const { body } = await weir.api("GET", "/v1/drains");
  const [row] = (body as { rows: readonly { expireTime: string; by: string }[] }).rows;
  assert.equal(row?.by, "ana");
  const expires = Date.parse(row?.expireTime ?? "");
  // A client acknowledges what it is sent a moment before its next request goes by it.
  const drained = Date.now() + 1_000;
  const during = () => traffic.since(drained).filter(({ endedAt }) => endedAt < expires);
  await until(() => during().length >= 400 || Date.now() > expires, {
    within: 40_000,
    what: "requests after the drain",
  });
  const meanwhile = during();
  assert.ok(meanwhile.length >= 50, `${meanwhile.length} requests in the time of the drain`);
  assert.equal(countOf(meanwhile, "dc-a"), 0, "nobody is sent to dc-a");
  assert.ok(countOf(meanwhile, "dc-b") > 0);

  await weir.kill();
  await weir.start();
  const listed = await weirCommand(weir, ["traffic", "drains"]);
  if (Date.now() < expires) assert.match(listed.stdout, /^dc-a +drain +\* /m);
  const back = await until(() => countOf(traffic.since(expires), "dc-a") > 20 && Date.now(), {
    within: 90_000,
    what: "requests to dc-a again",
  });
  assert.ok(back >= expires);
  const early = traffic.since(drained).filter(({ endedAt }) => endedAt < expires);
  assert.equal(countOf(early, "dc-a"), 0, "not before the drain has expired, whatever happened to the control plane");
  const all = await traffic.stop();
  assert.deepEqual([...codes(all).keys()], ["OK"], `of ${all.length} requests`);
});

test("a drain is refused where what is left would not bear what clients report, and can be forced and taken back", async () => {
  const documents = seventyThirty.replace("hosts: [report]", "hosts: [report]\n  capacity: {rpsPerEndpoint: 40}");
  await using scene = await startScene({ documents });
  const { weir } = scene;
  await using traffic = startTraffic(scene);
  const drain = ["traffic", "drain", "dc-a", "--for", "1h", ...reason, "--yes"];
  const refused = await until(
    async () => {
      const answer = await weirCommand(weir, [...drain, "--dry-run"]);
      return answer.code !== 0 && answer;
    },
    { within: 30_000, what: "a load that dc-b alone would not bear" },
  );
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /^error: nothing was changed: .* report: dc-b would get [\d.]+ requests\/s \(100 %, as clients report\), and bears 80 \(2 serving, 40 each\)/,
  );
  const again = await weirCommand(weir, drain);
  assert.equal(again.code, 2);
  assert.match((await weirCommand(weir, ["traffic", "drains"])).stdout, /^nothing is drained or isolated$/m);

  const forced = await weirCommand(weir, [...drain, "--force", "--wait"]);
  assert.equal(forced.code, 0, forced.stderr);
  assert.match(forced.stdout, /^! report: dc-b would get .* \(forced\)$/m);
  const drained = Date.now() + 1_000;
  await until(() => traffic.since(drained).length >= 100, { within: 20_000, what: "requests after the drain" });
  assert.equal(countOf(traffic.since(drained), "dc-a"), 0);
  const ended = await weirCommand(weir, ["traffic", "undrain", "dc-a", "--reason", "done", "--wait"]);
  assert.equal(ended.code, 0, ended.stderr);
  const undrained = Date.now();
  await until(() => countOf(traffic.since(undrained), "dc-a") > 20, { within: 20_000, what: "requests to dc-a again" });
  assert.deepEqual([...codes(await traffic.stop()).keys()], ["OK"]);
});

test("an isolated data center's callers are answered inside it, and others elsewhere", async () => {
  await using scene = await startScene();
  const { weir, throughEdge, proxyless } = scene;
  const isolate = (place: string) =>
    weirCommand(weir, [
      "traffic",
      "isolate",
      place,
      "--for",
      "1h",
      ...reason,
      "--service",
      "report",
      "--yes",
      "--wait",
    ]);
  // Both clients are in dc-a: cut off from dc-b first, then in a dc-a that is cut off itself.
  for (const [place, there] of [
    ["dc-b", ["dc-a"]],
    ["dc-a", ["dc-a"]],
  ] as const) {
    const { code, stderr } = await isolate(place);
    assert.equal(code, 0, stderr);
    await delay(500);
    for (const load of [throughEdge, proxyless]) {
      const records = await load.send(200);
      assert.deepEqual([...codes(records).keys()], ["OK"]);
      assert.deepEqual([...answersByDatacenter(records).keys()], there, place);
    }
  }
  const { body } = await weir.api("GET", "/v1/services/report/endpoints?from=dc-c/z1");
  const { placements } = body as { placements: readonly { locality: string }[] };
  assert.deepEqual(
    placements.map(({ locality }) => locality),
    ["dc-c/z1"],
  );
});

/** Where a caller in dc-a is sent. */
async function placesOf(weir: Weir): Promise<readonly string[]> {
  const { body } = await weir.api("GET", "/v1/services/report/endpoints?from=dc-a/z1");
  const { placements = [] } = body as { placements?: readonly { locality: string }[] };
  return placements.map(({ locality }) => locality);
}

test("a drain through one replica holds on each, and each ends it by itself at the same time", {
  skip: hasConsul() ? false : "there is no Consul to start",
}, async () => {
  await using consul = await startConsul({ datacenters: ["dc-a"] });
  const store = ["--store-consul", consul.url("dc-a")];
  await using one = await startWeir({ args: store });
  await using other = await startWeir({ args: store });
  const both = [one, other];
  const endpoints = ["dc-a/z1", "dc-b/z1"].map((locality, index) => ({ address: `10.0.0.${index + 1}:90`, locality }));
  const service = documentOf("Service", "report", { endpoints: [{ static: endpoints }] });
  assert.equal((await one.api("PUT", "/v1/services/report", service)).status, 201);
  const all = (wanted: string) => async () =>
    (await Promise.all(both.map(placesOf))).every((each) => each.join() === wanted);
  await until(all("dc-a/z1,dc-b/z1"), { within: 20_000, what: "both endpoints on both replicas" });

  const { status, body } = await one.api("POST", "/v1/localities/dc-a:drain", { duration: "15s", reason: "test" });
  assert.equal(status, 200, JSON.stringify(body));
  const expires = Date.parse((body as { drain: { expireTime: string } }).drain.expireTime);
  await until(all("dc-b/z1"), { within: expires - Date.now(), what: "the drain on both replicas" });
  const { rows } = (await other.api("GET", "/v1/drains")).body as { rows: readonly { name: string }[] };
  assert.deepEqual(
    rows.map(({ name }) => name),
    ["dc-a"],
  );
  const ended = await Promise.all(
    both.map((weir) =>
      until(async () => (await placesOf(weir)).length === 2 && Date.now(), { within: 60_000, what: "its end" }),
    ),
  );
  for (const time of ended) assert.ok(Number(time) >= expires, "not before its time");
});
