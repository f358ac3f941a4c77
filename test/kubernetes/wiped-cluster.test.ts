import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFolder } from "../kit/folder.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { lacksKubernetes, startKubernetes } from "./kubernetes.ts";
import { createNamespace, slice, slicesOf } from "./objects.ts";

const report = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  endpoints: [{kubernetes: {namespace: reports}}]
`;

type Held = { readonly held: readonly { readonly source: string }[] };
type Sources = { readonly sources: readonly { readonly source: string; readonly state: string }[] };

test("a cluster whose etcd was lost answers that there is nothing, and clients keep what they have until it says otherwise", {
  skip: lacksKubernetes(),
}, async () => {
  await using kubernetes = await startKubernetes({ controllers: false });
  const endpoints = [["10.77.0.1"], ["10.77.0.2"], ["10.77.0.3"]] as const;
  const fill = async () => {
    await createNamespace(kubernetes, "reports");
    await kubernetes.call("POST", slicesOf("reports"), slice("report-1", { endpoints }));
  };
  await fill();
  // Versions grow with every write, so that those of an empty cluster are far behind.
  for (let count = 0; count < 300; count++)
    await kubernetes.call("PATCH", "/api/v1/namespaces/reports", { metadata: { labels: { count: `${count}` } } });

  await using files = await makeFolder("server");
  const kubeconfig = await kubernetes.kubeconfig({ token: kubernetes.token });
  const datacenters = [{ name: "dc-a", kubernetes: { kubeconfig } }];
  const file = await files.write("server.yaml", JSON.stringify({ datacenters, guard: { hold: "1s" } }));
  await using weir = await startWeir({ documents: { "report.yaml": report }, args: ["--server-config", file] });
  await using edge = await startEdge(weir);
  const hosts = async () =>
    (await edge.clusters()).flatMap(({ cluster, address }) => (cluster === "report" ? [address] : [])).sort();
  const all = endpoints.map(([address]) => `${address}:9090`);
  await until(async () => (await hosts()).join() === all.join(), { within: 20_000, what: "all endpoints in Envoy" });

  await kubernetes.wipe();
  const held = async () => ((await weir.api("GET", "/v1/guard")).body as Held).held;
  await until(async () => (await held()).length > 0, { within: 40_000, what: "the loss is held back" });
  const suspected = Date.now();
  const state = async () => ((await weir.api("GET", "/v1/sources")).body as Sources).sources[0]?.state;
  // Three times as long as a source that did not lose its data would have to repeat it.
  await until(() => Date.now() - suspected > 3_000, { within: 10_000, what: "three hold times" });
  assert.equal(await state(), "suspect");
  assert.deepEqual(await hosts(), all);

  await fill();
  await until(async () => (await held()).length === 0, { within: 20_000, what: "nothing is held back any more" });
  assert.deepEqual(await hosts(), all);
});
