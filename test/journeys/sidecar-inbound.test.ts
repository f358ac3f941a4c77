import assert from "node:assert/strict";
import { test } from "node:test";
import { startBackend } from "../kit/backend.ts";
import { documentOf } from "../kit/documents.ts";
import { answersById, codes, startLoad } from "../kit/grpc-load.ts";
import { freePort } from "../kit/ports.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";

test("a call goes from the caller's sidecar to the callee's and from there to its application, counted once", async () => {
  await using application = await startBackend({ id: "report-1", datacenter: "dc-a" });
  const port = await freePort();
  await using weir = await startWeir({ documents: reportAt(port, { healthCheck: { grpc: {}, interval: "100ms" } }) });
  await using callee = await startEdge(weir, sidecarOf(port, application.port));
  await using caller = await startEdge(weir, { nodeId: "shop-1", role: "sidecar", service: "shop" });
  assert.equal(await callee.listener("inbound/report"), `127.0.0.1:${port}`);
  await using load = startLoad({ target: await caller.listener("outbound"), authority: "report" });
  // The caller's active checks go the same way: they find the endpoint well only because the application says so.
  await until(async () => (await caller.clusters()).some(({ cluster, healthy }) => cluster === "report" && healthy), {
    within: 30_000,
    what: "the endpoint is healthy to the caller",
  });
  const records = await load.send(40);
  assert.deepEqual([...codes(records)], [["OK", 40]]);
  assert.deepEqual([...answersById(records)], [["report-1", 40]]);
  const calls = "http.inbound/report.downstream_rq_2xx";
  assert.ok(((await callee.stats("inbound/report")).get(calls) ?? 0) >= 40, "through the callee's sidecar");

  const counted = async () => {
    const { body } = await weir.api("GET", "/metrics");
    const line = /^traffic_requests_total\{service="([^"]*)".*result="ok"\} (\d+)$/gm;
    const all = [...String(body).matchAll(line)].map(([, service, count]) => [service, Number(count)] as const);
    assert.ok(all.every(([service]) => service === "report"));
    return all.reduce((sum, [, count]) => sum + count, 0);
  };
  // An Envoy begins to count when it is first asked for its loads.
  let sent = 40;
  const isCounted = async () => {
    sent += (await load.send(1)).length;
    return (await counted()) > 0;
  };
  await until(isCounted, { within: 30_000, what: "load reports", everyMs: 300 });
  sent += (await load.send(200)).length;
  await until(async () => (await counted()) >= 200, { within: 30_000, what: "all of it is reported" });
  assert.ok((await counted()) <= sent, "the callee's sidecar does not count them again");

  application.serving(false);
  await until(async () => !(await caller.clusters()).some(({ cluster, healthy }) => cluster === "report" && healthy), {
    within: 30_000,
    what: "the caller sees that the application is not well",
  });
});

test("an application gets no more at once than its policy allows, whoever calls", async () => {
  await using application = await startBackend({ id: "report-1", datacenter: "dc-a", latencyMs: 700 });
  const port = await freePort();
  await using weir = await startWeir({ documents: reportAt(port, { circuitBreaker: { maxRequests: 5 } }) });
  await using callee = await startEdge(weir, sidecarOf(port, application.port));
  await using load = startLoad({ target: await callee.listener("inbound/report") });
  const records = await load.send(20, { atOnce: 20 });
  assert.deepEqual(Object.fromEntries(codes(records)), { OK: 5, UNAVAILABLE: 15 });
  assert.equal(application.calls(), 5);
});

test("an application gets no more in a time than its policy allows, whoever calls", async () => {
  await using application = await startBackend({ id: "report-1", datacenter: "dc-a" });
  const port = await freePort();
  const rateLimit = { requests: 1, per: "24h", burst: 7 };
  await using weir = await startWeir({ documents: reportAt(port, { inbound: { rateLimit } }) });
  await using callee = await startEdge(weir, sidecarOf(port, application.port));
  await using load = startLoad({ target: await callee.listener("inbound/report") });
  assert.deepEqual(Object.fromEntries(codes(await load.send(20))), { OK: 7, RESOURCE_EXHAUSTED: 13 });
  assert.equal(application.calls(), 7);
});

test("what a node says wrongly of its inbound is told, and costs it neither the rest nor its own calls", async () => {
  await using application = await startBackend({ id: "report-1", datacenter: "dc-a" });
  const port = await freePort();
  await using weir = await startWeir({ documents: reportAt(application.port) });
  const { inbound, ...sidecar } = sidecarOf(port, application.port);
  const [right] = inbound;
  const broken = { service: "no/name", listen: { host: "0.0.0.0", port: 1 }, application: { host: "here", port: 1 } };
  const stranger = { ...right, service: "stranger", listen: { host: "127.0.0.1", port: await freePort() } };
  await using envoy = await startEdge(weir, { ...sidecar, inbound: [broken, stranger, right] });
  for (const target of [await envoy.listener("outbound"), await envoy.listener("inbound/report")]) {
    await using load = startLoad({ target, authority: "report" });
    assert.deepEqual([...codes(await load.send(5))], [["OK", 5]]);
  }
  const { clients } = (await weir.api("GET", "/v1/clients")).body as {
    clients: readonly { problems?: readonly string[]; types: { LDS: { status: string } } }[];
  };
  assert.equal(clients[0]?.types.LDS.status, "SYNCED");
  assert.match(clients[0]?.problems?.join("\n") ?? "", /inbound\[0\]\.service: "no\/name" is no name.*\n.*"here:1"/);
  const { stdout } = await weirCommand(weir, ["proxy", "status"]);
  assert.match(stdout, /report-1 is served without node\.metadata\.weir\.inbound\[0\]\.service: "no\/name" is no name/);
  assert.match(weir.process().lines.join("\n"), /passed over: node\.metadata\.weir\.inbound\[0\]\.service/);
  assert.match(weir.process().lines.join("\n"), /there is no Service \\?"stranger/);
});

function reportAt(port: number, policy?: object): Readonly<Record<string, string>> {
  const service = documentOf("Service", "report", {
    endpoints: [{ static: [{ address: `127.0.0.1:${port}`, locality: "dc-a/z1" }] }],
  });
  const tuned = documentOf("TrafficPolicy", "report", { targetRefs: [{ name: "report" }], ...policy });
  return { "report.json": JSON.stringify(service), ...(policy && { "policy.json": JSON.stringify(tuned) }) };
}

function sidecarOf(port: number, applicationPort: number) {
  return {
    nodeId: "report-1",
    role: "sidecar" as const,
    service: "report",
    inbound: [
      {
        service: "report",
        listen: { host: "127.0.0.1", port },
        application: { host: "127.0.0.1", port: applicationPort },
      },
    ] as const,
  };
}
