import assert from "node:assert/strict";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder } from "../kit/folder.ts";
import { until } from "../kit/wait.ts";
import { lacksKubernetes, startKubernetes } from "./kubernetes.ts";
import { accountToken, create, createNamespace, slice, slicesOf } from "./objects.ts";
import { startRelay } from "./relay.ts";
import { watchKubernetes } from "./watched.ts";

const skip = lacksKubernetes();

test("Weir works with what k8s/base gives it and nothing more, in one namespace or in all, and says what it lacks", {
  skip,
}, async () => {
  await using kubernetes = await startKubernetes({ controllers: false });
  for (const [index, name] of ["reports", "billing"].entries()) {
    await createNamespace(kubernetes, name);
    await kubernetes.call(
      "POST",
      slicesOf(name),
      slice("report-1", { endpoints: [[`10.0.${index}.1`, { nodeName: "n1" }]] }),
    );
  }
  const labels = { "topology.kubernetes.io/region": "eu-north", "topology.kubernetes.io/zone": "eu-north-1a" };
  await kubernetes.call("POST", "/api/v1/nodes", { metadata: { name: "n1", labels } });
  await create(kubernetes, "rbac.yaml", (kind) => kind !== "ClusterRoleBinding");

  // As the kubelet lays it out in a pod.
  await using folder = await makeFolder("service-account");
  const token = await accountToken(kubernetes);
  await writeFile(join(folder.path, "token"), token);
  await copyFile(kubernetes.authorities, join(folder.path, "ca.crt"));
  const access = { kind: "in-cluster", server: kubernetes.server, folder: folder.path } as const;
  await using watched = watchKubernetes({ access });
  const reports = watched.follow({ namespace: "reports" });
  const billing = watched.follow({ namespace: "billing" });
  await reports.fails(
    /403: endpointslices\.discovery\.k8s\.io is forbidden: User "system:serviceaccount:weir:weir" cannot list/,
  );
  await reports.fails(/in the namespace "reports" \(bind the ClusterRole of k8s\/base\/rbac\.yaml to that user\)/);

  await create(kubernetes, "rbac-one-namespace.yaml");
  await reports.sees(["10.0.0.1:9090 dc-a serving"]);
  await billing.fails(/403: .*in the namespace "billing"/);

  await create(kubernetes, "rbac.yaml", (kind) => kind === "ClusterRoleBinding");
  await billing.sees(["10.0.1.1:9090 dc-a serving"]);

  await using withNodes = watchKubernetes({ access, regionFromNodes: true });
  const placed = withNodes.follow({ namespace: "reports" });
  await placed.fails(/no nodes: 403: nodes is forbidden/);
  await create(kubernetes, "rbac-nodes.yaml");
  await placed.sees(["10.0.0.1:9090 eu-north/eu-north-1a serving"]);
  await kubernetes.call("PATCH", "/api/v1/nodes/n1", {
    metadata: { labels: { "topology.kubernetes.io/region": "eu" } },
  });
  await placed.sees(["10.0.0.1:9090 eu/eu-north-1a serving"]);
});

test("what a kubeconfig names is read again for each question, so that it may be replaced; a token that is not accepted is told", {
  skip,
}, async () => {
  await using kubernetes = await startKubernetes({ controllers: false });
  await createNamespace(kubernetes, "reports");
  await kubernetes.call("POST", slicesOf("reports"), slice("report-1", { endpoints: [["10.0.0.1"]] }));
  await create(kubernetes, "rbac.yaml");
  await using relay = await startRelay(kubernetes);
  const [first, second] = [await accountToken(kubernetes), await accountToken(kubernetes)];
  const tokenFile = await kubernetes.write("token", `${first}\n`);
  const file = await kubernetes.kubeconfig({ tokenFile }, relay.server);
  await using watched = watchKubernetes({ access: { kind: "kubeconfig", file, context: "test" } }, { watchMs: 1_000 });
  const report = watched.follow();
  await report.sees(["10.0.0.1:9090 dc-a serving"]);
  await kubernetes.write("token", second);
  await until(() => relay.calls.at(-1)?.authorization === `Bearer ${second}`, {
    within: 15_000,
    what: "the new token",
  });
  assert.equal(report.failure(), undefined);

  // The same for all that a kubeconfig says of TLS: what is being watched goes on meanwhile.
  const direct = await kubernetes.kubeconfig({ tokenFile });
  await using another = watchKubernetes(
    { access: { kind: "kubeconfig", file: direct, context: "test" } },
    { watchMs: 1_000 },
  );
  const same = another.follow();
  await same.sees(["10.0.0.1:9090 dc-a serving"]);
  const text = await readFile(direct, "utf8");
  await writeFile(direct, text.replace('"server":', '"tls-server-name":"kubernetes.default.svc","server":'));
  const before = same.all.length;
  await until(() => same.all.length > before + 6, { within: 60_000, what: "three more watches" });
  assert.ok(same.all.every(({ kind }) => kind === "seen"));

  await kubernetes.write("token", "made-up");
  await report.fails(/401: Unauthorized \(the token or certificate is not accepted/);
  assert.deepEqual(report.seen(), ["10.0.0.1:9090 dc-a serving"]);
  await kubernetes.write("token", second);
  await report.sees(["10.0.0.1:9090 dc-a serving"]);
});

test("a cluster takes k8s/base/weir.yaml and report-service.yaml as they stand", { skip }, async () => {
  await using kubernetes = await startKubernetes({ controllers: false });
  await create(kubernetes, "rbac.yaml");
  await create(kubernetes, "weir.yaml");
  await create(kubernetes, "report-service.yaml");
});
