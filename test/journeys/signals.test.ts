import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { dashboards } from "../../control-plane/dashboards/dashboards.ts";
import { filledIn } from "../../control-plane/dashboards/filled-in.ts";
import { createReportClient, reportNameOf } from "../../report-service/src/client.ts";
import { makeFolder } from "../kit/folder.ts";
import { lacksPrometheus, type Prometheus, startPrometheus } from "../kit/prometheus.ts";
import { startReportServer } from "../kit/report-server.ts";
import { type Scene, startScene } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { weirCommand } from "../kit/weir-command.ts";

const kinds = fileURLToPath(new URL("../../report-service/testdata/kinds", import.meta.url));
const rules = fileURLToPath(new URL("../../control-plane/rules/weir.yaml", import.meta.url));

/** A report server with reports made and read, so that there is something of everything to see. */
async function startReports() {
  await using starting = new AsyncDisposableStack();
  const data = starting.use(await makeFolder("signals"));
  const flags = ["--metrics", "127.0.0.1:0", "--languages", "sql"];
  const server = starting.use(await startReportServer({ data: data.path, id: "report-1", kinds, flags }));
  const client = starting.use(createReportClient(server.address, credentials.createInsecure()));
  const make = async (rows: number) => {
    const report = { kind: "reportKinds/wide", parameters: { rows } };
    const created = await client.createReport({ parent: "tenants/acme", report, requestId: crypto.randomUUID() });
    return client.waitForEnd(reportNameOf(created.value), { timeoutMs: 30_000 });
  };
  const running = starting.move();
  assert.ok(server.metrics);
  return { metrics: server.metrics, make, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function firing(prometheus: Prometheus): Promise<readonly string[]> {
  const found = await prometheus.query('group by (alertname) (ALERTS{alertstate="firing"})');
  return found.map(({ metric }) => metric["alertname"] ?? "").sort();
}

test("a real Prometheus loads the rules, scrapes all three jobs, and answers every query of the dashboards", {
  skip: lacksPrometheus,
}, async () => {
  await using scene = await startScene();
  await using reports = await startReports();
  await using prometheus = await startPrometheus({
    rules: [rules],
    jobs: [
      { name: "weir", targets: [scene.weir.admin] },
      { name: "weir-report", targets: [reports.metrics] },
      { name: "envoy", targets: [scene.edge.admin], path: "/stats/prometheus" },
    ],
  });
  const up = async () => (await prometheus.query("up == 1")).length === 3;
  await until(up, { within: 60_000, what: "all three are scraped" });

  // Something of everything happens between two scrapes: a rate needs a before and an after.
  const stop = new AbortController();
  const busy = keepBusy(scene, reports, stop.signal);
  try {
    const empty = async () => {
      const missing: string[] = [];
      for (const [name, { rows }] of Object.entries(dashboards))
        for (const { panels } of rows)
          for (const { title, queries, mayBeEmpty } of panels)
            for (const { expr } of queries) {
              const found = await prometheus.query(filledIn(expr, "10s"));
              if (found.length === 0 && !mayBeEmpty) missing.push(`${name}: ${title}: ${expr}`);
            }
      return missing;
    };
    let missing: readonly string[] = [];
    const complete = async () => {
      missing = await empty();
      return missing.length === 0;
    };
    await until(complete, { within: 120_000, what: "every panel has data", everyMs: 1_000 }).catch((cause) => {
      throw new Error(`no data for:\n${missing.join("\n")}`, { cause });
    });
  } finally {
    stop.abort();
    await busy;
  }

  const loaded = async () => {
    const { groups } = (await prometheus.api("/api/v1/rules")) as {
      readonly groups: readonly { readonly rules: readonly { readonly name: string; readonly health: string }[] }[];
    };
    return groups.flatMap((group) => group.rules);
  };
  assert.ok((await loaded()).length > 30);
  await until(async () => (await loaded()).every(({ health }) => health === "ok"), {
    within: 60_000,
    what: "every rule has been evaluated without an error",
  });
  assert.deepEqual(await firing(prometheus), [], "all is well");
});

test("callers on standbys are told by FailoverActive, and an override that ends soon by OverrideExpiresSoon", {
  skip: lacksPrometheus,
}, async () => {
  await using scene = await startScene();
  const { weir, throughEdge } = scene;
  await using prometheus = await startPrometheus({
    rules: [rules],
    jobs: [{ name: "weir", targets: [weir.admin] }],
  });
  const override = ["traffic", "override", "report", "dc-b", "50", "--for", "10m", "--reason", "CHG-1"];
  assert.equal((await weirCommand(weir, override)).code, 0);
  await until(async () => (await firing(prometheus)).includes("OverrideExpiresSoon"), {
    within: 60_000,
    what: "OverrideExpiresSoon fires",
  });
  for (const datacenter of ["dc-a", "dc-b"] as const)
    for (const backend of scene.backends(datacenter))
      await weir.api("DELETE", `/v1/registry/services/report/endpoints/${backend.id}`);
  const stop = new AbortController();
  const sending = (async () => {
    while (!stop.signal.aborted) await throughEdge.sendAtRate({ perSecond: 50, forMs: 1_000 });
  })();
  try {
    const active = async () => (await prometheus.query("traffic_failover_active == 1")).length > 0;
    await until(active, { within: 60_000, what: "the metric says so" });
    await until(async () => (await firing(prometheus)).includes("FailoverActive"), {
      within: 120_000,
      what: "FailoverActive fires",
      everyMs: 500,
    });
  } finally {
    stop.abort();
    await sending;
  }
});

async function keepBusy(
  { weir, throughEdge, proxyless }: Scene,
  { make }: Awaited<ReturnType<typeof startReports>>,
  signal: AbortSignal,
): Promise<void> {
  const load = { perSecond: 50, forMs: 1_000 };
  for (let round = 0; !signal.aborted; round += 1) {
    const [ended] = await Promise.all([
      make(round),
      throughEdge.sendAtRate(load),
      proxyless.sendAtRate(load),
      weirCommand(weir, ["traffic", "set", "report", `dc-a=${60 + (round % 2)}`, `dc-b=${40 - (round % 2)}`]),
    ]);
    assert.equal(ended.state, State.SUCCEEDED);
  }
}
