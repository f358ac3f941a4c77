import assert from "node:assert/strict";
import { test } from "node:test";
import { startBackend } from "../kit/backend.ts";
import { codes } from "../kit/grpc-load.ts";
import { seventyThirty, startEdge, startScene } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";
import { startXdsClient } from "../kit/xds-client.ts";

const policy = `
---
apiVersion: weir/v1alpha1
kind: TrafficPolicy
metadata: {name: report}
spec:
  targetRefs: [{name: report}]
  loadBalancer: {type: LeastRequest, slowStart: {window: 30s}}
  retry: {backOff: {baseInterval: 2s, maxInterval: 4s}}
`;

type Described = {
  readonly clients: readonly { readonly kind: string; readonly version: string; readonly clients: number }[];
  readonly programmed: { readonly clients: number; readonly has: number; readonly rejects: readonly unknown[] };
  readonly notes: readonly string[];
};

test("real clients are told apart, have what they were sent, and what they do not do of it is said", async () => {
  await using scene = await startScene({ documents: seventyThirty + policy });
  await using _sidecar = await startEdge(scene.weir, { nodeId: "shop-1", role: "sidecar", service: "shop" });
  const { clients, notes } = await until(
    async () => {
      const described = await describe(scene.weir);
      return described.programmed.has === 3 && described;
    },
    { within: 20_000, what: "an edge, a sidecar and a Node client have all of the service" },
  );
  const connected = clients.filter((each) => each.clients > 0).map(({ kind, clients }) => `${clients} ${kind}`);
  assert.deepEqual(connected, ["2 envoy", "1 grpc-node"]);
  assert.match(clients.find(({ kind }) => kind === "envoy")?.version ?? "", /^1\.\d+\.\d+/);
  assert.match(clients.find(({ kind }) => kind === "grpc-node")?.version ?? "", /^1\.\d+\.\d+/);
  assert.ok(
    notes.includes("1 gRPC Node client approximates loadBalancer.type LeastRequest: round robin"),
    notes.join("\n"),
  );
  assert.ok(notes.some((note) => note.startsWith("1 gRPC Node client ignores loadBalancer.slowStart")));
  assert.ok(!notes.some((note) => note.includes("Envoy")), notes.join("\n"));
});

test("the Node client waits for a retry less than a second when it is asked for two, and not ten times as long", async () => {
  await using failing = await startBackend({ id: "report-1", datacenter: "dc-a" });
  failing.fail(true);
  const document = (kind: string, spec: object) =>
    JSON.stringify({ apiVersion: "weir/v1alpha1", kind, metadata: { name: "report" }, spec });
  await using weir = await startWeir({
    documents: {
      "service.json": document("Service", {
        endpoints: [{ static: [{ address: failing.address, locality: "dc-a/z1" }] }],
      }),
      "policy.json": document("TrafficPolicy", {
        targetRefs: [{ name: "report" }],
        retry: { attempts: 1, backOff: { baseInterval: "2s", maxInterval: "2s" } },
        outlierDetection: { enabled: false },
      }),
    },
  });
  const node = { id: "node-1", cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
  await using client = await startXdsClient({ target: "xds:///report", xds: weir.xds, node });
  await client.send(1);
  const calls = failing.calls();
  const records = await client.send(20, { atOnce: 20, deadlineMs: 60_000 });
  assert.deepEqual([...codes(records)], [["UNAVAILABLE", 20]]);
  assert.equal(failing.calls() - calls, 40, "each was tried twice");
  // Waits are by chance up to what is said: of twenty, one would be above 5 s if it were 20 s.
  const longest = Math.max(...records.map(({ startedAt, endedAt }) => endedAt - startedAt));
  assert.ok(longest < 5_000, `the longest call took ${longest} ms`);
});

async function describe(weir: Weir): Promise<Described> {
  const { stdout, stderr } = await weirCommand(weir, ["describe", "service", "report", "-o", "json"]);
  assert.equal(stderr, "");
  return JSON.parse(stdout) as Described;
}
