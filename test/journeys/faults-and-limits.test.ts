import assert from "node:assert/strict";
import { test } from "node:test";
import { Metadata } from "@grpc/grpc-js";
import { startBackend } from "../kit/backend.ts";
import { documentOf } from "../kit/documents.ts";
import type { CallRecord } from "../kit/echo.ts";
import { codes, type Load, startLoad } from "../kit/grpc-load.ts";
import { freePort } from "../kit/ports.ts";
import { startRateLimitService } from "../kit/rate-limit-service.ts";
import { settledAfter } from "../kit/settled.ts";
import { assertShare } from "../kit/share.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { startXdsClient } from "../kit/xds-client.ts";

/** It waits until the client has been told where to go, and has connected. */
const firstCall = { deadlineMs: 40_000 };

test("half of the calls are answered in the service's place, through Envoy and by the Node client alike", async () => {
  await using scene = await startScene();
  const fault = { abort: { grpcStatus: "PERMISSION_DENIED", percent: 50 } };
  await setRules(scene, [{ fault }]);
  const node = { id: "client-1", cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
  await using proxyless = await startXdsClient({ target: "xds:///report", xds: scene.weir.xds, node });
  await proxyless.send(1, firstCall);
  for (const [what, load] of [["Envoy", scene.load] as const, ["the Node client", proxyless] as const]) {
    const records = await load.send(1_000);
    assertShare(codes(records).get("PERMISSION_DENIED") ?? 0, { of: 1_000, share: 0.5, what });
    assertShare(codes(records).get("OK") ?? 0, { of: 1_000, share: 0.5, what });
  }
});

test("a Node client does a fault to the calls that it is for, and to no others", async () => {
  await using scene = await startScene();
  const onHeaders = [
    { name: "x-chaos", type: "Present" },
    { name: "x-spared", type: "Present", invert: true },
  ];
  const matches = [{ method: { service: "echo.v1.Echo" } }, { path: { type: "PathPrefix", value: "/" } }];
  await setRules(scene, [{ matches, fault: { abort: { grpcStatus: "ABORTED" }, onHeaders } }]);
  const node = { id: "client-1", cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
  await using proxyless = await startXdsClient({ target: "xds:///report", xds: scene.weir.xds, node });
  await proxyless.send(1, firstCall);
  assert.deepEqual(Object.fromEntries(codes(await proxyless.send(20))), { OK: 20 });
  assert.deepEqual(Object.fromEntries(codes(await proxyless.send(20, { freshHeader: "x-chaos" }))), { ABORTED: 20 });
  assert.deepEqual(Object.fromEntries(codes(await proxyless.send(20, { freshHeader: "x-spared" }))), { OK: 20 });
});

test("a delay is felt by the calls that it is for, and the listener stays as it is", async () => {
  await using scene = await startScene();
  await scene.load.send(1);
  await setRules(scene, [{ fault: { delay: { fixed: "700ms" }, onHeaders: [{ name: "x-slow", value: "yes" }] } }]);
  assert.ok(tookMs(await scene.send({ "x-slow": "yes" })) >= leastMs(700));
  await scene.send({ "x-slow": "no" });
  await scene.send({});
  const delays = "http.edge.fault.delays_injected";
  assert.equal((await scene.edge.stats(delays)).get(delays), 1);

  const fromHeader = { delay: { fromHeader: {} }, abort: { fromHeader: {} } };
  await setRules(scene, [{ fault: fromHeader, rateLimit: { local: { requests: 1_000 } } }]);
  assert.ok(tookMs(await scene.send({ "x-envoy-fault-delay-request": "600" })) >= leastMs(600));
  assert.equal((await scene.send({ "x-envoy-fault-abort-grpc-request": "9" })).code, "FAILED_PRECONDITION");
  assert.equal((await scene.send({})).code, "OK");
  const stats = await scene.edge.stats("listener_manager.listener_(modified|in_place_updated|added)");
  assert.equal(stats.get("listener_manager.listener_modified"), 0);
  assert.equal(stats.get("listener_manager.listener_in_place_updated"), 0);
});

test("answers come no faster than a fault lets them", async () => {
  await using scene = await startScene();
  await setRules(scene, [{ fault: { responseRate: { kibPerSecond: 1 } } }]);
  // 2,000 characters, two seconds' worth.
  const record = await scene.send({});
  assert.equal(record.code, "OK");
  assert.ok(tookMs(record) >= 700, `${tookMs(record)} ms`);
});

test("a local limit lets exactly its burst through, and each tenant has one of its own", async () => {
  await using scene = await startScene();
  // Slow enough that not one more comes in the time of a test.
  const slowly = { requests: 1, per: "24h" };
  const buckets = [
    { headers: [{ name: "x-tenant", value: "gold" }], ...slowly, burst: 12 },
    { headers: [{ name: "x-tenant" }], ...slowly, burst: 3 },
  ];
  await setRules(scene, [{ rateLimit: { local: { ...slowly, burst: 20, buckets } } }]);
  const before = scene.backend.calls();
  const passed = async (count: number, headers: Readonly<Record<string, string>>) =>
    Object.fromEntries(codes(await scene.load.send(count, { metadata: metadataOf(headers) })));
  assert.deepEqual(await passed(50, {}), { OK: 20, RESOURCE_EXHAUSTED: 30 });
  assert.deepEqual(await passed(30, { "x-tenant": "gold" }), { OK: 12, RESOURCE_EXHAUSTED: 18 });
  for (const tenant of ["silver", "bronze"])
    assert.deepEqual(await passed(10, { "x-tenant": tenant }), { OK: 3, RESOURCE_EXHAUSTED: 7 });
  assert.equal(scene.backend.calls() - before, 20 + 12 + 3 + 3, "what was refused never reached the service");
});

test("a rate-limit service decides for all; while it is away calls pass, unless the rule says that they fail", async () => {
  const port = await freePort();
  await using scene = await startScene([
    documentOf("Service", "limits", {
      endpoints: [{ static: [{ address: `127.0.0.1:${port}`, locality: "dc-a/z1" }] }],
    }),
  ]);
  const service = await startRateLimitService({ "tenant=gold,generic_key=create": 5 }, port);
  await using stack = new AsyncDisposableStack();
  stack.use(service);
  const descriptors = [[{ header: { name: "x-tenant", key: "tenant" } }, { constant: { value: "create" } }]];
  const global = { service: "limits", domain: "report", descriptors, timeout: "2s" };
  await setRules(scene, [
    {
      matches: [{ headers: [{ name: "x-strict", value: "yes" }] }],
      rateLimit: { global: { ...global, failOpen: false } },
    },
    { rateLimit: { global } },
  ]);
  // The listener has two filters more, one for each way of asking.
  await until(async () => (await scene.send({ "x-tenant": "warm-up" })).code === "OK" && service.asked().length > 0, {
    within: 30_000,
    what: "the service is asked",
  });
  const sent = (headers: Readonly<Record<string, string>>) => scene.load.send(8, { metadata: metadataOf(headers) });
  assert.deepEqual(Object.fromEntries(codes(await sent({ "x-tenant": "gold" }))), { OK: 5, RESOURCE_EXHAUSTED: 3 });
  assert.deepEqual(Object.fromEntries(codes(await sent({ "x-tenant": "silver" }))), { OK: 8 });
  const before = service.asked().length;
  assert.deepEqual(Object.fromEntries(codes(await sent({}))), { OK: 8 }, "a question without its header is not asked");
  assert.equal(service.asked().length, before);
  assert.deepEqual(service.asked().at(-1), { domain: "report", descriptors: ["tenant=silver,generic_key=create"] });

  await service[Symbol.asyncDispose]();
  assert.deepEqual(Object.fromEntries(codes(await sent({ "x-tenant": "gold" }))), { OK: 8 });
  const strict = codes(await sent({ "x-tenant": "gold", "x-strict": "yes" }));
  assert.deepEqual(Object.fromEntries(strict), { UNAVAILABLE: 8 });
});

type Scene = Awaited<ReturnType<typeof startScene>>;

/** A service, an Envoy edge in front of it, and a client. */
async function startScene(more: readonly object[] = []) {
  await using started = new AsyncDisposableStack();
  const backend = started.use(await startBackend({ id: `report-1${" ".repeat(2_000)}`, datacenter: "dc-a" }));
  const report = documentOf("Service", "report", {
    endpoints: [{ static: [{ address: backend.address, locality: "dc-a/z1" }] }],
  });
  const documents = [report, ...more].map((each, index) => [`${index}.json`, JSON.stringify(each)]);
  const weir = started.use(await startWeir({ documents: Object.fromEntries(documents) }));
  const edge = started.use(await startEdge(weir));
  const load = started.use(startLoad({ target: await edge.listener("edge"), authority: "report" }));
  const running = started.move();
  return {
    backend,
    weir,
    edge,
    load,
    send: (headers: Readonly<Record<string, string>>) => sendOne(load, headers),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Sets the Route of `report`, whose rules all lead there, and waits until every client has it and Envoy goes by it. */
async function setRules({ weir, send }: Pick<Scene, "weir" | "send">, rules: readonly object[]): Promise<void> {
  const spec = { hosts: ["report"], rules: rules.map((rule) => ({ backendRefs: [{ service: "report" }], ...rule })) };
  await settledAfter(weir, weir.api("PUT", "/v1/routes/report", documentOf("Route", "report", spec)));
  // Envoy acknowledges once its worker has been told. The worker may read a request first in that turn, but goes by the new rules in the next.
  await send({ "x-tenant": "warm-up" });
}

async function sendOne(load: Load, headers: Readonly<Record<string, string>>): Promise<CallRecord> {
  const [record] = await load.send(1, { metadata: metadataOf(headers) });
  assert.ok(record);
  return record;
}

function metadataOf(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

/** Envoy counts a delay from when it began its turn, which on a busy machine may have been a while before it read the request. */
function leastMs(delay: number): number {
  return delay * 0.7;
}

function tookMs({ startedAt, endedAt }: CallRecord): number {
  return endedAt - startedAt;
}
