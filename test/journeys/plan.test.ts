import assert from "node:assert/strict";
import { test } from "node:test";
import type { Planned } from "../../control-plane/src/cli/planned.ts";
import { makeFolder } from "../kit/folder.ts";
import { answersByDatacenter, codes, type Load, startLoad } from "../kit/grpc-load.ts";
import { settled } from "../kit/settled.ts";
import { assertShare } from "../kit/share.ts";
import { startEdge, startScene } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import type { Weir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";

const service = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  protocol: GRPC
  endpoints: [{registry: {}}]
`;
const split = (toOfA: string) => `
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec:
  service: report
  rules:
    - {from: dc-a, to: ${toOfA}, failover: [dc-c]}
    - {from: "*", to: {dc-b: 90, dc-a: 10}}
`;
const policy = `
apiVersion: weir/v1alpha1
kind: TrafficPolicy
metadata: {name: report}
spec:
  targetRefs: [{name: report}]
  panicThreshold: 30
`;
const second = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: result}
spec:
  endpoints: [{static: [{address: "127.0.0.1:9", locality: dc-a/z1}]}]
`;

const route = `
apiVersion: weir/v1alpha1
kind: Route
metadata: {name: report}
spec:
  rules:
    - {name: canary, matches: [{headers: [{name: x-canary, value: "1"}]}], backendRefs: [{service: report}], timeouts: {request: 5s}}
`;

// Each is planned and then applied, one after the other.
const changes: readonly {
  readonly what: string;
  readonly document?: string;
  readonly gone?: string;
  readonly touched: readonly string[];
}[] = [
  {
    what: "a shift for the callers of one data center",
    document: split("{dc-a: 40, dc-b: 60}"),
    touched: ["client-1", "edge-a"],
  },
  { what: "a field that Envoys alone obey", document: policy, touched: ["edge-a", "edge-b"] },
  {
    what: "a second service, which the proxyless client does not call",
    document: second,
    touched: ["edge-a", "edge-b"],
  },
  {
    what: "a shift to a data center and its failover",
    document: split("{dc-a: 100}"),
    touched: ["client-1", "edge-a"],
  },
  { what: "a rule for some requests", document: route, touched: ["client-1", "edge-a", "edge-b"] },
  { what: "a rule that goes", gone: "routes/report", touched: ["client-1", "edge-a", "edge-b"] },
  { what: "a split that goes", gone: "trafficSplits/report", touched: ["client-1", "edge-a", "edge-b"] },
];

test("a plan tells the truth: what it names changes, for whom it names, and traffic goes where it says", async () => {
  await using scene = await startScene({
    documents: `${service}---${split("{dc-a: 70, dc-b: 30}")}`,
    edge: { nodeId: "edge-a" },
  });
  const { weir } = scene;
  const locality = { region: "dc-b", zone: "z1", subZone: "" };
  await using edge = await startEdge(weir, { nodeId: "edge-b", locality });
  await using throughB = startLoad({ target: await edge.listener("edge"), authority: "report" });
  await throughB.send(1);
  await using folder = await makeFolder("change");
  const loads: Readonly<Record<string, Load>> = {
    "envoy dc-a": scene.throughEdge,
    "grpc dc-a": scene.proxyless,
    "envoy dc-b": throughB,
  };

  for (const { what, document, gone = "", touched } of changes) {
    if (document !== undefined) await folder.write("change.yaml", document);
    const [planOf, apply] = document
      ? [
          ["-f", `${folder.path}/change.yaml`],
          ["apply", "-f", `${folder.path}/change.yaml`],
        ]
      : [
          ["--delete", gone],
          ["delete", gone],
        ];
    await observed(weir, Object.values(loads));
    await settled(weir);
    const before = await holdings(weir);
    const planned = await weirCommand(weir, ["plan", ...planOf, "-o", "json"]);
    assert.deepEqual([planned.code, planned.stderr], [1, ""], what);
    const plan = JSON.parse(planned.stdout) as Planned;
    assert.equal(plan.clients.of, 3, what);
    assert.equal(plan.clients.touched, touched.length, what);

    const applied = await weirCommand(weir, apply);
    assert.equal(applied.code, 0, applied.stderr);
    const after = await until(
      async () => {
        await settled(weir);
        const now = await holdings(weir);
        return changedClients(before, now).length === touched.length && now;
      },
      { within: 30_000, what: `${what}: the clients ${touched.join(", ")} hold something else` },
    );
    assert.deepEqual(changedClients(before, after), touched, what);
    assert.deepEqual(differences(before, after), promised(plan, before), what);

    if (document !== undefined) {
      const again = await weirCommand(weir, ["plan", ...planOf]);
      assert.deepEqual([again.code, again.stdout.startsWith("Nothing would change")], [0, true], what);
    }
    await trafficIs(plan, loads, what);
  }
});

/** Sends some requests, and waits until they are reported: the parts of the callers rest on that. */
async function observed(weir: Weir, loads: readonly Load[]): Promise<void> {
  await until(
    async () => {
      await Promise.all(loads.map((load) => load.send(20)));
      const { body } = await weir.api("GET", "/v1/traffic?service=report");
      const { rows, reports } = body as {
        rows: readonly { from: string; observed?: { requests: number } }[];
        reports: { clients: number };
      };
      const from = new Set(rows.filter((row) => (row.observed?.requests ?? 0) > 0).map((row) => row.from));
      return reports.clients === 3 && from.size === 2;
    },
    { within: 20_000, what: "all clients report what they sent", everyMs: 200 },
  );
}

/** Sends as the plan says that callers do, and compares where that goes. */
async function trafficIs(plan: Planned, loads: Readonly<Record<string, Load>>, what: string): Promise<void> {
  // Nobody has called the second service yet.
  for (const { basis, callers, regions } of plan.traffic.filter(({ service }) => service === "report")) {
    assert.equal(basis, "observed", what);
    const requests = 3_000;
    const records = await Promise.all(
      callers.map(async ({ from, kind, percent }) => {
        const load = loads[`${kind} ${from.split("/")[0]}`];
        assert.ok(load, `${what}: a caller ${kind} at ${from}`);
        return load.send(Math.round((requests * percent) / 100));
      }),
    );
    const all = records.flat();
    assert.deepEqual([...codes(all).keys()], ["OK"], what);
    const answers = answersByDatacenter(all);
    for (const { region, percentAfter } of regions)
      assertShare(answers.get(region) ?? 0, { of: all.length, share: percentAfter / 100, what: `${what}: ${region}` });
  }
}

/** By client, the version of each resource that it holds. */
type Holdings = ReadonlyMap<string, { readonly viewer: string; readonly held: ReadonlyMap<string, string> }>;

const typeNames: Readonly<Record<string, string>> = {
  CDS: "cluster",
  EDS: "endpoints",
  LDS: "listener",
  RDS: "routes",
};

async function holdings(weir: Weir): Promise<Holdings> {
  const { clients } = (await weir.api("GET", "/v1/clients")).body as {
    clients: readonly { nodeId: string; viewer: string }[];
  };
  const entries = clients.map(async ({ nodeId, viewer }) => {
    const { resources } = (await weir.api("GET", `/v1/clients/${nodeId}/resources`)).body as {
      resources: readonly { type: string; name: string; held: string }[];
    };
    const held = new Map(
      resources.filter((each) => each.held !== "").map((each) => [`${typeNames[each.type]} ${each.name}`, each.held]),
    );
    return [nodeId, { viewer, held }] as const;
  });
  return new Map((await Promise.all(entries)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function changedClients(before: Holdings, after: Holdings): readonly string[] {
  return [...new Set(differences(before, after).map((each) => each.split(" ")[0] ?? ""))];
}

/** `edge-a endpoints report v1 -> v2` */
function differences(before: Holdings, after: Holdings): readonly string[] {
  return [...after]
    .flatMap(([nodeId, { held }]) => {
      const old = before.get(nodeId)?.held ?? new Map<string, string>();
      return [...new Set([...old.keys(), ...held.keys()])].flatMap((key) =>
        old.get(key) === held.get(key) ? [] : [`${nodeId} ${key} ${old.get(key)} -> ${held.get(key)}`],
      );
    })
    .toSorted();
}

/** The same, as a plan says it. */
function promised({ resources }: Planned, clients: Holdings): readonly string[] {
  return [...clients]
    .flatMap(([nodeId, { viewer }]) =>
      resources
        .filter(({ viewers }) => viewers.includes(viewer))
        .map(
          ({ type, name, versionBefore, versionAfter }) =>
            `${nodeId} ${type} ${name} ${versionBefore} -> ${versionAfter}`,
        ),
    )
    .toSorted();
}
