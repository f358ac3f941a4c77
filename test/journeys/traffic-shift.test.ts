import assert from "node:assert/strict";
import { test } from "node:test";
import { inBackground } from "../kit/background.ts";
import { hasConsul, startConsul } from "../kit/consul.ts";
import { lacksPrometheus, startPrometheus } from "../kit/prometheus.ts";
import { startScene } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";

type Operation = {
  readonly name: string;
  readonly state: string;
  readonly step: number;
  readonly shares: Readonly<Record<string, number>>;
  readonly startTime: string;
  readonly failures: readonly { readonly interval: number; readonly time: string }[];
  readonly ended?: { readonly time: string; readonly reason: string };
};
type Revision = { readonly by: string; readonly reason: string };

async function newestShift(weir: Weir): Promise<Operation | undefined> {
  const { body } = await weir.api("GET", "/v1/operations?service=report");
  return (body as { operations: readonly Operation[] }).operations[0];
}

/** What clients are given now, not what the operation says of it. */
async function served(weir: Weir): Promise<number | undefined> {
  const { body } = await weir.api("GET", "/v1/traffic?service=report");
  const { rows } = body as { rows: readonly { to: string; weightPercent?: number }[] };
  return rows.find(({ to }) => to === "dc-b")?.weightPercent;
}

async function revisions(weir: Weir): Promise<readonly Revision[]> {
  const { body } = await weir.api("GET", "/v1/revisions?limit=50");
  return (body as { revisions: readonly Revision[] }).revisions;
}

const documents = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  protocol: GRPC
  endpoints: [{static: [{address: "127.0.0.1:9", locality: dc-a/z1}, {address: "127.0.0.1:10", locality: dc-b/z1}]}]
---
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec: {service: report, rules: [{from: "*", to: {dc-a: 70, dc-b: 30}}]}
`;

test("a shift to a data center that begins to fail at its second step is rolled back within two intervals of its guard, and history says why", async () => {
  await using scene = await startScene();
  const { weir, throughEdge, proxyless } = scene;
  await using _load = inBackground(async (stopped) => {
    while (!stopped())
      await Promise.all([throughEdge, proxyless].map((load) => load.sendAtRate({ perSecond: 50, forMs: 500 })));
  });
  const guard = ["--interval", "5s", "--failure-limit", "2", "--max-error-increase", "1%"];
  const steps = ["--step", "25", "--pause", "10s"];
  const words = ["traffic", "shift", "report", "dc-a=20", "dc-b=80", ...steps, ...guard, "--reason", "CHG-7", "--yes"];
  await until(async () => (await weirCommand(weir, [...words, "--dry-run"])).code === 0, {
    within: 40_000,
    what: "load reports of the time before",
  });
  const { code, stdout, stderr } = await weirCommand(weir, words);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /dc-a=70 dc-b=30 -> dc-a=20 dc-b=80\n {2}in 2 steps \(50 %, 100 % of the way\), 10s each/);
  assert.equal((await newestShift(weir))?.step, 1);
  assert.equal(await served(weir), 55);

  await until(async () => (await newestShift(weir))?.step === 2, { within: 40_000, what: "the second step" });
  assert.deepEqual((await newestShift(weir))?.failures, [], "the first step was good");
  for (const backend of scene.backends("dc-b")) backend.fail(true);
  const failing = Date.now();
  const ended = await until(
    async () => {
      const shift = await newestShift(weir);
      return shift?.state === "rolledBack" && shift;
    },
    { within: 30_000, what: "the guard to roll it back" },
  );
  const tookMs = Date.parse(ended.ended?.time ?? "") - failing;
  assert.equal(ended.failures.length, 2, "by the second failure in a row");
  // Two intervals, and half of one by which timers of a busy machine may be late.
  assert.ok(tookMs <= 2.5 * 5_000, `rolled back after ${tookMs} ms`);
  assert.equal(await served(weir), 30);
  const said =
    /rolled back: shift-\w+ at step 2 of 2, dc-a=20 dc-b=80: error-rate of dc-b is [\d.]+ % of \d+ requests, over [\d.]+ % \([\d.]+ % before the shift, and 1 % more\)/;
  const history = await weirCommand(weir, ["history"]);
  assert.match(history.stdout, said);
  const shifts = await weirCommand(weir, ["traffic", "shifts"]);
  assert.match(shifts.stdout, /^shift-\w+ +report +\* +rolledBack +2\/2 +dc-a=70 dc-b=30 +dc-a=20 dc-b=80 /m);
  assert.match(shifts.stdout, said);
});

test("a control plane that is killed in the middle of a shift serves the same shares when it is back, and ends it once", async () => {
  await using weir = await startWeir({ documents: { "report.yaml": documents } });
  const words = ["traffic", "shift", "report", "dc-a=20", "dc-b=80", "--step", "10", "--pause", "2s", "--no-guard"];
  assert.equal((await weirCommand(weir, [...words, "--yes"])).code, 0);
  const begun = await newestShift(weir);
  assert.ok(begun);
  await until(async () => ((await served(weir)) ?? 0) >= 50, { within: 30_000, what: "the second step" });
  await weir.kill();
  await weir.start();
  const seen: number[] = [];
  await until(
    async () => {
      const before = Date.now() - Date.parse(begun.startTime);
      const share = await served(weir);
      const after = Date.now() - Date.parse(begun.startTime);
      if (share === undefined) return false;
      seen.push(share);
      // A step every 2 s: what is served is what the clock says, give or take what it takes to publish and to ask.
      const [least = 0, most = 0] = [before - 1_900, after].map((ms) =>
        Math.min(80, 40 + 10 * Math.floor(Math.max(0, ms) / 2_000)),
      );
      assert.ok(share >= least && share <= most, `${share} at ${before} to ${after} ms, expected ${least} to ${most}`);
      return (await newestShift(weir))?.state === "succeeded";
    },
    { within: 20_000, what: "the end of the shift" },
  ).catch((error) => assert.fail(`${error} ${error.cause ?? ""}; seen ${[...new Set(seen)]}`));
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
    "no step is taken twice",
  );
  assert.equal(await served(weir), 80);
  const reasons = (await revisions(weir)).filter(({ reason }) => reason.includes(begun.name)).map(({ by }) => by);
  assert.deepEqual(reasons, ["weir", "ana"], "begun and ended once");
});

test("three replicas serve the same shares at every step of a shift, and end it once, also when the one that began it is gone", {
  skip: hasConsul() ? false : "there is no Consul to start",
}, async () => {
  await using consul = await startConsul({ datacenters: ["dc-a"] });
  await using replicas = new AsyncDisposableStack();
  const start = async () =>
    replicas.use(
      await startWeir({ documents: { "report.yaml": documents }, args: ["--store-consul", consul.url("dc-a")] }),
    );
  const [a, b, c] = [await start(), await start(), await start()];
  const words = ["traffic", "shift", "report", "dc-a=20", "dc-b=80", "--step", "10", "--pause", "3s", "--no-guard"];
  assert.equal((await weirCommand(a, [...words, "--yes"])).code, 0);
  const begun = await newestShift(a);
  assert.ok(begun);
  const sinceMs = () => Date.now() - Date.parse(begun.startTime);
  const seen = new Set<number>();
  let asked = [a, b, c];
  await until(
    async () => {
      const before = Math.floor((sinceMs() - 1_500) / 3_000);
      const shares = await Promise.all(asked.map(served));
      const after = Math.floor(sinceMs() / 3_000);
      // Around the time of a step one may have published it and another not yet.
      if (before !== after || after > 4) return (await newestShift(b))?.state === "succeeded";
      seen.add(after);
      assert.deepEqual(
        shares,
        asked.map(() => 40 + 10 * after),
      );
      if (after === 2 && asked.length === 3) {
        asked = [b, c];
        await a.kill();
      }
      return false;
    },
    { within: 60_000, what: "the end of the shift" },
  ).catch((error) => assert.fail(`${error} ${error.cause ?? ""}`));
  assert.ok(seen.size >= 3, `steps seen: ${[...seen]}`);
  assert.deepEqual(await Promise.all([b, c].map(served)), [80, 80]);
  await until(async () => (await newestShift(c))?.state === "succeeded", { within: 30_000, what: "its end at c" });
  const about = await until(
    async () => {
      const found = (await revisions(c)).filter(({ reason }) => reason.includes(begun.name));
      return found.length > 1 && found;
    },
    { within: 30_000, what: "its end in the journal of c" },
  );
  assert.deepEqual(
    about.map(({ by }) => by),
    ["weir", "ana"],
    JSON.stringify(about),
  );
});

test("a guard asks a real Prometheus, and takes the shift back when that says so", {
  skip: lacksPrometheus,
}, async () => {
  await using prometheus = await startPrometheus({ jobs: [], rules: [] });
  const args = ["--shift-prometheus", `http://${prometheus.address}`];
  await using weir = await startWeir({ documents: { "report.yaml": documents }, args });
  const metric = (query: string) => ({ name: "p99", source: "prometheus", query, max: 0.5 });
  const shift = async (query: string) => {
    const { status, body } = await weir.api("POST", "/v1/trafficSplits/report:shift", {
      target: { "dc-a": 20, "dc-b": 80 },
      steps: [{ setWeight: 50 }, { pause: "2500ms" }, { setWeight: 100 }],
      guard: { interval: "1s", failureLimit: 2, metrics: [metric(query)] },
    });
    assert.equal(status, 200, JSON.stringify(body));
    return until(
      async () => {
        const newest = await newestShift(weir);
        return newest?.ended && newest.name === (body as Operation).name && newest;
      },
      { within: 20_000, what: "the end of the shift" },
    );
  };
  const slow = await shift('label_replace(vector(0.75), "cluster", "report", "", "")');
  assert.match(slow.ended?.reason ?? "", /^rolled back: .*: p99 is 0.75, over 0.5 \(2 in a row\)$/);
  assert.equal((await shift("vector(0.25)")).state, "succeeded");
});
