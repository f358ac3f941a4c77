import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Backend, startBackend } from "../kit/backend.ts";
import type { CallRecord } from "../kit/echo.ts";
import { answersByDatacenter, codes, type Load, startLoad } from "../kit/grpc-load.ts";
import { settled as settledNow } from "../kit/settled.ts";
import { assertShare } from "../kit/share.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import { startXdsClient, type XdsClient } from "../kit/xds-client.ts";

const requests = 2_000;
const datacenters = ["dc-a", "dc-b", "dc-c"] as const;
const everyone = { "the Envoy edge": "envoy", "the proxyless client": "grpc" } as const;

test("as a data center's health falls, both kinds of client spill alike, as it was foretold", async () => {
  await using scene = await startScene("rules: [{to: {dc-a: 70, dc-b: 30}, failover: [dc-c]}]");
  for (const failing of [0, 1, 2, 3, 4]) {
    await scene.say({ "dc-a": failing });
    const now = { envoy: await scene.foretold("envoy"), grpc: await scene.foretold("grpc") };
    assert.deepEqual(now.grpc, now.envoy, `${failing} of 4 failing`);
    for (const [name, kind] of Object.entries(everyone)) {
      const records = await scene[kind].send(requests);
      assertShares(records, now[kind], `${name}, ${failing} of 4 failing`);
    }
  }
});

test("a data center that comes back gets nothing before its hold is over, and then its share", async () => {
  await using scene = await startScene(
    `rules: [{to: {dc-a: 70, dc-b: 30}, failover: [dc-c]}]
    failback: {holdFor: 15s, step: 50, every: 2s}`,
  );
  await scene.say({ "dc-a": 4 });
  const backAt = performance.now();
  await scene.say({ "dc-a": 0 });
  for (const [name, kind] of Object.entries(everyone)) {
    const records = await scene[kind].send(500);
    if (performance.now() - backAt > 14_000) break; // A machine that is this busy shows nothing.
    assertShares(records, { "dc-a": 0, "dc-b": 0.7, "dc-c": 0.3 }, `${name}, held`);
  }
  await until(async () => (await scene.foretold("envoy"))["dc-a"] === 0.7, {
    within: 40_000,
    what: "it is used in full",
  });
  await scene.settled();
  for (const [name, kind] of Object.entries(everyone))
    assertShares(await scene[kind].send(requests), { "dc-a": 0.7, "dc-b": 0.3, "dc-c": 0 }, `${name}, after it`);
});

test("what dc-b cannot bear when dc-a dies goes to dc-c, before any source has noticed and when they have", async () => {
  await using scene = await startScene(`
    rules: [{to: {dc-a: 100}, failover: [dc-b, dc-c]}]
    expectedRps: {dc-a: 1000}
    ceilings: {dc-b: {rps: 400}}`);
  for (const kind of Object.values(everyone)) assertShares(await scene[kind].send(200), { "dc-a": 1 }, kind);
  await scene.kill("dc-a");
  const tookOver = async (when: string) => {
    for (const [name, kind] of Object.entries(everyone)) {
      await until(async () => codes(await scene[kind].send(50)).get("OK") === 50, {
        within: 30_000,
        what: `${name} goes on`,
      });
      assertShares(await scene[kind].send(requests), { "dc-a": 0, "dc-b": 0.4, "dc-c": 0.6 }, `${name}, ${when}`);
    }
  };
  await tookOver("unnoticed");
  await scene.say({ "dc-a": 4 });
  await tookOver("noticed");
});

type Scene = AsyncDisposable & {
  readonly envoy: Load;
  readonly grpc: XdsClient;
  /** Says that so many endpoints of a data center fail, and waits until clients have taken it. */
  say(failing: Readonly<Partial<Record<(typeof datacenters)[number], number>>>): Promise<void>;
  settled(): Promise<void>;
  /** The part of the requests that each data center gets, as `weir endpoints` tells. */
  foretold(client: "envoy" | "grpc"): Promise<Readonly<Record<string, number>>>;
  kill(datacenter: (typeof datacenters)[number]): Promise<void>;
};

/** Four endpoints in each data center, whose health the documents tell, and both kinds of client in dc-a. */
async function startScene(split: string): Promise<Scene> {
  await using started = new AsyncDisposableStack();
  const backends = new Map<string, readonly Backend[]>();
  for (const datacenter of datacenters) {
    const some = await Promise.all(
      [1, 2, 3, 4].map((index) => startBackend({ id: `${datacenter}-${index}`, datacenter })),
    );
    for (const backend of some) started.use(backend);
    backends.set(datacenter, some);
  }
  const documents = (failing: Parameters<Scene["say"]>[0]) => documentsOf(split, backends, failing);
  const weir = started.use(await startWeir({ documents: { "report.yaml": documents({}) } }));
  const edge = started.use(await startEdge(weir));
  const envoy = started.use(startLoad({ target: await edge.listener("edge"), authority: "report" }));
  const node = { id: "client-1", cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
  const grpc = started.use(await startXdsClient({ target: "xds:///report", xds: weir.xds, node }));
  for (const load of [envoy, grpc]) await load.send(50);
  const running = started.move();
  const settled = () => clientsSettled(weir, [envoy, grpc]);
  return {
    ...{ envoy, grpc, settled },
    async say(failing) {
      const { revision } = (await weir.api("GET", "/v1/traffic")).body as { readonly revision: number };
      await weir.writeDocument("report.yaml", documents(failing));
      const isRead = async () => {
        const { body } = await weir.api("GET", "/v1/traffic");
        return (body as { readonly revision: number }).revision > revision;
      };
      // What is the same as before is no revision.
      if (Object.values(failing).some((count) => count !== 0) || revision > 1)
        await until(isRead, { within: 30_000, what: "the documents are read" });
      await settled();
    },
    async foretold(client) {
      const { body } = await weir.api("GET", `/v1/services/report/endpoints?from=dc-a/z1&client=${client}`);
      const { placements } = body as {
        readonly placements: readonly { readonly locality: string; readonly nowPercent: number }[];
      };
      return Object.fromEntries(
        datacenters.map((datacenter) => {
          const there = placements.find(({ locality }) => locality === `${datacenter}/z1`);
          return [datacenter, Math.round((there?.nowPercent ?? 0) * 1e6) / 1e8];
        }),
      );
    },
    kill: async (datacenter) => {
      await Promise.all((backends.get(datacenter) ?? []).map((backend) => backend[Symbol.asyncDispose]()));
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Every client has acknowledged what it was sent, and has had a moment to connect. */
async function clientsSettled(weir: Weir, loads: readonly Pick<Load, "send">[]): Promise<void> {
  // Weir gathers what comes within its debounce before it sends, and Envoy within its merge window after it acknowledged.
  await delay(500);
  await settledNow(weir);
  await delay(300);
  for (const load of loads) await load.send(100);
}

function documentsOf(
  split: string,
  backends: ReadonlyMap<string, readonly Backend[]>,
  failing: Parameters<Scene["say"]>[0],
): string {
  const entries = [...backends].flatMap(([datacenter, some]) =>
    some.map(({ address }, index) => {
      const health = index < (failing[datacenter as (typeof datacenters)[number]] ?? 0) ? "failing" : "serving";
      return `        - {address: "${address}", locality: ${datacenter}/z1, health: ${health}}`;
    }),
  );
  return `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  endpoints:
    - static:
${entries.join("\n")}
---
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec:
  service: report
${indented(split)}
`;
}

function indented(text: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => `  ${line.trim()}`)
    .join("\n");
}

function assertShares(records: readonly CallRecord[], shares: Readonly<Record<string, number>>, what: string): void {
  assert.deepEqual([...codes(records).keys()], ["OK"], what);
  const answers = answersByDatacenter(records);
  for (const [datacenter, share] of Object.entries(shares))
    assertShare(answers.get(datacenter) ?? 0, { of: records.length, share, what: `${datacenter} of ${what}` });
}
