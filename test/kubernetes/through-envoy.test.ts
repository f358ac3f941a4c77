import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Backend, startBackend } from "../kit/backend.ts";
import { reportInHalves } from "../kit/documents.ts";
import type { Envoy } from "../kit/envoy.ts";
import { makeFolder } from "../kit/folder.ts";
import { answersByDatacenter, codes, startLoad } from "../kit/grpc-load.ts";
import { assertShare } from "../kit/share.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import { lacksKubernetes, startKubernetes } from "./kubernetes.ts";
import { accountToken, create, createNamespace, slice, slicesOf } from "./objects.ts";
import { playKubelet } from "./pods.ts";

// Kubernetes refuses loopback addresses in EndpointSlices.
const ip = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
const skip = lacksKubernetes() ?? (ip === undefined ? "this machine has loopback addresses only" : undefined);

const documents = {
  "report.yaml": `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  endpoints: [{kubernetes: {namespace: reports, port: grpc}}]
---${reportInHalves}---
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: headless}
spec:
  endpoints: [{kubernetes: {namespace: reports, port: grpc, datacenters: [dc-a]}}]
`,
};

type Source = { readonly source: string; readonly state: string; readonly cause?: string };
const sourceOf = async (weir: Weir, name: string) =>
  ((await weir.api("GET", "/v1/sources")).body as { sources: readonly Source[] }).sources.find(
    ({ source }) => source === name,
  );

/** `near-1 dc-a/z1 HEALTHY`: what this Envoy was told of each endpoint. */
async function told(edge: Envoy, cluster: string, names: ReadonlyMap<number, string>): Promise<readonly string[]> {
  const answer = await fetch(`http://${edge.admin}/clusters?format=json`);
  const { cluster_statuses = [] } = (await answer.json()) as {
    readonly cluster_statuses?: readonly {
      readonly name: string;
      readonly host_statuses?: readonly {
        readonly address: { readonly socket_address: { readonly port_value: number } };
        readonly locality?: { readonly region?: string; readonly zone?: string };
        readonly health_status: { readonly eds_health_status: string };
      }[];
    }[];
  };
  const hosts = cluster_statuses.find(({ name }) => name === cluster)?.host_statuses ?? [];
  return hosts
    .map(({ address, locality, health_status }) =>
      [
        names.get(address.socket_address.port_value),
        [locality?.region, locality?.zone].filter(Boolean).join("/"),
        health_status.eds_health_status,
      ].join(" "),
    )
    .sort();
}

/** A port of the machine's own address that leads to a backend, which listens on loopback. */
async function openPort(backend: Backend): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<{ destroy(): unknown }>();
  const server = createServer((incoming) => {
    const onward = connect(backend.port, "127.0.0.1");
    for (const socket of [incoming, onward]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    }
    incoming.pipe(onward).pipe(incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, ip, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("what becomes of pods in two clusters shows in Envoy, no request fails, and an API server that is away removes nothing", {
  skip,
}, async () => {
  await using started = new AsyncDisposableStack();
  const [near, far] = await Promise.all([
    startKubernetes({ controllers: true }).then((each) => started.use(each)),
    startKubernetes({ controllers: false }).then((each) => started.use(each)),
  ]);
  const names = new Map<number, string>();
  const portOf = async (id: string, datacenter: string) => {
    const { port } = started.use(await openPort(started.use(await startBackend({ id, datacenter }))));
    names.set(port, id);
    return port;
  };
  for (const cluster of [near, far]) {
    await createNamespace(cluster, "reports");
    await create(cluster, "rbac.yaml");
  }
  const pods = playKubelet(near, "reports");
  await pods.node("node-1", "z1");
  await pods.node("node-2", "z2");
  await pods.service("report");
  await pods.service("headless", { clusterIP: "None" });
  await pods.run("near-1", { node: "node-1", ip: ip ?? "", port: await portOf("near-1", "dc-a") });
  await pods.run("near-2", { node: "node-2", ip: ip ?? "", port: await portOf("near-2", "dc-a") });
  const ports = [{ name: "grpc", port: await portOf("far-1", "dc-b") }];
  await far.call("POST", slicesOf("reports"), slice("report-1", { ports, endpoints: [[ip ?? "", { zone: "z1" }]] }));

  const files = started.use(await makeFolder("server"));
  const datacenters = await Promise.all(
    Object.entries({ "dc-a": near, "dc-b": far }).map(async ([name, cluster]) => {
      const tokenFile = await cluster.write("weir.token", await accountToken(cluster));
      return { name, kubernetes: { kubeconfig: await cluster.kubeconfig({ tokenFile }), context: "test" } };
    }),
  );
  const file = await files.write("server.yaml", JSON.stringify({ datacenters }));
  const weir = started.use(await startWeir({ documents, args: ["--server-config", file] }));
  const edge = started.use(await startEdge(weir));
  const load = started.use(startLoad({ target: await edge.listener("edge"), authority: "report" }));
  const shows = (lines: readonly string[], within = 15_000) =>
    until(async () => (await told(edge, "report", names)).join("\n") === lines.join("\n"), {
      within,
      what: lines.join(", "),
    }).catch(async (cause) => {
      throw new Error(`Envoy has ${(await told(edge, "report", names)).join(", ")}`, { cause });
    });
  const answeredBy = async () => {
    const records = await load.send(100);
    assert.deepEqual([...codes(records)], [["OK", 100]]);
    return [...new Set(records.map(({ reply }) => reply?.id))].sort();
  };

  const all = ["far-1 dc-b/z1 HEALTHY", "near-1 dc-a/z1 HEALTHY", "near-2 dc-a/z2 HEALTHY"];
  await shows(all);
  const records = await load.send(1_000);
  assert.deepEqual([...codes(records)], [["OK", 1_000]]);
  assertShare(answersByDatacenter(records).get("dc-b") ?? 0, { of: 1_000, share: 0.5, what: "dc-b" });
  assert.deepEqual(await told(edge, "headless", names), all.slice(1), "a headless Service is like any other");

  // Calls go on through all that follows.
  const over = new AbortController();
  const meanwhile = (async () => {
    const all = new Map<string, number>();
    while (!over.signal.aborted)
      for (const [code, count] of codes(await load.send(20, { atOnce: 2 })))
        all.set(code, (all.get(code) ?? 0) + count);
    return all;
  })();
  started.defer(async () => {
    over.abort();
    await meanwhile.catch(() => undefined);
  });

  await pods.ready("near-1", false);
  await shows(["far-1 dc-b/z1 HEALTHY", "near-1 dc-a/z1 UNHEALTHY", "near-2 dc-a/z2 HEALTHY"]);
  assert.deepEqual(await answeredBy(), ["far-1", "near-2"]);
  await pods.ready("near-1", true);
  await shows(all);

  await pods.terminate("near-1");
  await shows(["far-1 dc-b/z1 HEALTHY", "near-1 dc-a/z1 DRAINING", "near-2 dc-a/z2 HEALTHY"]);
  assert.deepEqual(await answeredBy(), ["far-1", "near-2"]);
  await pods.ready("near-1", false);
  await pods.gone("near-1");
  const two = ["far-1 dc-b/z1 HEALTHY", "near-2 dc-a/z2 HEALTHY"];
  await shows(two, 60_000);

  await near.stopApi();
  await until(async () => (await sourceOf(weir, "kubernetes/dc-a"))?.state === "stale", {
    within: 30_000,
    what: "kubernetes/dc-a is stale",
  });
  assert.match(
    (await sourceOf(weir, "kubernetes/dc-a"))?.cause ?? "",
    /kubernetes dc-a \(.*\): no EndpointSlices of namespace/,
  );
  assert.equal((await sourceOf(weir, "kubernetes/dc-b"))?.state, "current", "one cluster is nothing to another");
  assert.deepEqual(await told(edge, "report", names), two, "nothing is removed");
  assert.deepEqual(await answeredBy(), ["far-1", "near-2"]);

  // What is seen is on the disk a second later.
  await until(async () => !(await readFile(join(weir.dataDir, "world.json"), "utf8")).includes("near-1"), {
    within: 10_000,
    what: "the saved world is the newest",
  });
  await weir.kill();
  await weir.start();
  const isBack = async () =>
    ((await weir.api("GET", "/v1/clients")).body as { clients: unknown[] }).clients.length === 1;
  await until(isBack, { within: 15_000, what: "the edge is back" });
  assert.deepEqual(await told(edge, "report", names), two, "nor by a restart meanwhile");

  await near.startApi();
  await until(async () => (await sourceOf(weir, "kubernetes/dc-a"))?.state === "current", {
    within: 45_000,
    what: "kubernetes/dc-a is current",
  });
  await pods.run("near-3", { node: "node-1", ip: ip ?? "", port: await portOf("near-3", "dc-a") });
  await shows(["far-1 dc-b/z1 HEALTHY", "near-2 dc-a/z2 HEALTHY", "near-3 dc-a/z1 HEALTHY"], 60_000);
  assert.deepEqual(await answeredBy(), ["far-1", "near-2", "near-3"]);
  over.abort();
  assert.deepEqual([...(await meanwhile).keys()], ["OK"]);
});
