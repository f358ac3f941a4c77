import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../kit/wait.ts";
import { type Kubernetes, lacksKubernetes, startKubernetes } from "./kubernetes.ts";
import { createNamespace, slice, slicesOf } from "./objects.ts";
import { startRelay } from "./relay.ts";
import { watchKubernetes } from "./watched.ts";

const skip = lacksKubernetes();
let kubernetes: Kubernetes;
let count = 0;

before(async () => {
  if (!skip) kubernetes = await startKubernetes({ controllers: false });
});
after(async () => {
  if (!skip) await kubernetes[Symbol.asyncDispose]();
});

/** A namespace of the test's own. */
async function namespace(): Promise<string> {
  count += 1;
  const name = `test-${count}`;
  await createNamespace(kubernetes, name);
  return name;
}

const access = async (server?: string) =>
  ({
    kind: "kubeconfig",
    file: await kubernetes.kubeconfig({ token: kubernetes.token }, server),
    context: undefined,
  }) as const;

test("what a slice says of an endpoint is its address, place and health, and each change of it is seen", {
  skip,
}, async () => {
  const reports = await namespace();
  const path = slicesOf(reports);
  const pod = (more: object) => ({ zone: "z1", nodeName: "node-1", ...more });
  const endpoints = [
    ["10.0.0.1", pod({ conditions: { ready: true, serving: true, terminating: false } })],
    ["10.0.0.2", pod({ conditions: { ready: false, serving: true, terminating: true }, zone: "z2" })],
    ["10.0.0.3", pod({ conditions: { ready: false, serving: false, terminating: true } })],
    ["10.0.0.4", pod({ conditions: { ready: false, serving: false } })],
    ["10.0.0.5", pod({ conditions: {} })],
    ["10.0.0.6", { hints: { forZones: [{ name: "z3" }] } }],
  ] as const;
  await kubernetes.call("POST", path, slice("report-1", { endpoints }));
  await kubernetes.call("POST", path, slice("other-1", { service: "other", endpoints: [["10.0.1.1"]] }));

  await using watched = watchKubernetes({ access: await access() });
  const report = watched.follow({ namespace: reports });
  const first = [
    "10.0.0.1:9090 dc-a/z1 serving",
    "10.0.0.2:9090 dc-a/z2 draining",
    "10.0.0.3:9090 dc-a/z1 draining",
    "10.0.0.4:9090 dc-a/z1 failing",
    "10.0.0.5:9090 dc-a/z1 serving",
    "10.0.0.6:9090 dc-a/z3 serving",
  ];
  await report.sees(first);
  await kubernetes.call("POST", path, slice("report-2", { endpoints: [["10.0.0.7"]] }));
  await report.sees([...first, "10.0.0.7:9090 dc-a serving"]);
  await kubernetes.call("PUT", `${path}/report-1`, slice("report-1", { endpoints: [["10.0.0.1"]] }));
  await report.sees(["10.0.0.1:9090 dc-a serving", "10.0.0.7:9090 dc-a serving"]);
  await kubernetes.call("DELETE", `${path}/report-2`);
  await report.sees(["10.0.0.1:9090 dc-a serving"]);
  await kubernetes.call("PATCH", `${path}/report-1`, { metadata: { labels: { "kubernetes.io/service-name": "x" } } });
  await report.sees([]);
});

test("a port is chosen by its name; without one it is the only one, and one that is not there is told and removes nothing", {
  skip,
}, async () => {
  const reports = await namespace();
  const path = slicesOf(reports);
  const ports = [
    { name: "grpc", port: 9090 },
    { name: "metrics", port: 9100 },
  ];
  await kubernetes.call("POST", path, slice("report-1", { ports, endpoints: [["10.0.0.1"]] }));
  // A pod of an older version, with the same port name elsewhere: the controller keeps those in a slice of their own.
  const older = [{ name: "grpc", port: 8080 }];
  await kubernetes.call("POST", path, slice("report-2", { ports: older, endpoints: [["10.0.0.2"]] }));
  await kubernetes.call("POST", path, slice("bare-1", { service: "bare", ports: [], endpoints: [["10.0.0.3"]] }));

  await using watched = watchKubernetes({ access: await access() });
  const grpc = watched.follow({ namespace: reports, port: "grpc" });
  await grpc.sees(["10.0.0.1:9090 dc-a serving", "10.0.0.2:8080 dc-a serving"]);
  await watched.follow({ namespace: reports }).sees(["10.0.0.2:8080 dc-a serving"]);
  await watched
    .follow({ namespace: reports, port: "http" })
    .fails(/has no TCP port named "http" but grpc \(9090\), metrics/);
  await watched.follow({ namespace: reports, service: "bare", port: 7000 }).sees(["10.0.0.3:7000 dc-a serving"]);
  await watched.follow({ namespace: reports, service: "bare" }).fails(/tells no TCP port: give the port of its pods/);

  const renamed = [{ name: "rpc", port: 9090 }];
  for (const [name, address] of [
    ["report-1", "10.0.0.1"],
    ["report-2", "10.0.0.2"],
  ] as const)
    await kubernetes.call("PUT", `${path}/${name}`, slice(name, { ports: renamed, endpoints: [[address]] }));
  await grpc.fails(/has no TCP port named "grpc" but rpc \(9090\)/);
});

test("of a dual-stack Service IPv4 counts, unless IPv6 is asked for or is all there is; names are told", {
  skip,
}, async () => {
  const reports = await namespace();
  const path = slicesOf(reports);
  await kubernetes.call("POST", path, slice("report-4", { endpoints: [["10.0.0.1"]] }));
  await kubernetes.call("POST", path, slice("report-6", { addressType: "IPv6", endpoints: [["2001:db8::1"]] }));
  await kubernetes.call(
    "POST",
    path,
    slice("six-6", { service: "six", addressType: "IPv6", endpoints: [["2001:db8::2"]] }),
  );
  await kubernetes.call(
    "POST",
    path,
    slice("names-1", { service: "names", addressType: "FQDN", endpoints: [["report.example"]] }),
  );

  await using watched = watchKubernetes({ access: await access() });
  await watched.follow({ namespace: reports }).sees(["10.0.0.1:9090 dc-a serving"]);
  await watched.follow({ namespace: reports, addressType: "IPv6" }).sees(["[2001:db8::1]:9090 dc-a serving"]);
  await watched.follow({ namespace: reports, service: "six" }).sees(["[2001:db8::2]:9090 dc-a serving"]);
  await watched.follow({ namespace: reports, service: "names" }).fails(/has names in place of addresses/);
});

test("a long list is read in pages, and services of one namespace share one watch", { skip }, async () => {
  const reports = await namespace();
  for (let index = 0; index < 7; index++)
    await kubernetes.call(
      "POST",
      slicesOf(reports),
      slice(`report-${index}`, { endpoints: [[`10.0.0.${index + 1}`]] }),
    );
  await using relay = await startRelay(kubernetes);
  await using watched = watchKubernetes({ access: await access(relay.server) }, { pageSize: 3 });
  const many = Array.from({ length: 30 }, (_, index) => watched.follow({ namespace: reports, service: `s${index}` }));
  await watched
    .follow({ namespace: reports })
    .sees([1, 2, 3, 4, 5, 6, 7].map((last) => `10.0.0.${last}:9090 dc-a serving`));
  for (const each of many) await each.sees([]);
  await until(() => relay.calls.length === 4, { within: 10_000, what: "three pages and a watch" });
  assert.deepEqual(
    relay.calls.map(({ query }) => [query.get("limit"), query.has("continue"), query.get("watch")].join()),
    ["3,false,", "3,true,", "3,true,", ",false,1"],
  );
});

test("a watch that ends is taken up again from its last bookmark or event, without another list", {
  skip,
}, async () => {
  const reports = await namespace();
  await using relay = await startRelay(kubernetes);
  await using watched = watchKubernetes({ access: await access(relay.server) }, { watchMs: 1_000 });
  const report = watched.follow({ namespace: reports });
  await report.sees([]);
  const watches = () => relay.calls.filter(({ query }) => query.has("watch"));
  await until(() => watches().length === 3, { within: 20_000, what: "the third watch" });
  await kubernetes.call("POST", slicesOf(reports), slice("report-1", { endpoints: [["10.0.0.1"]] }));
  await report.sees(["10.0.0.1:9090 dc-a serving"]);
  const event = watches().findLast(({ text }) => text.includes("ADDED"));
  assert.ok(event, "an event came");
  const before = watches().length;
  await until(() => watches().length > before + 1, { within: 20_000, what: "another watch" });
  const from = Number(watches().at(-1)?.query.get("resourceVersion"));
  const added = JSON.parse(event.text.split("\n").find((line) => line.includes("ADDED")) ?? "{}");
  assert.ok(from >= Number(added.object.metadata.resourceVersion), "it goes on from what it has seen");
  assert.ok(watches().every(({ query }) => query.get("allowWatchBookmarks") === "true"));
  assert.equal(relay.calls.filter(({ query }) => !query.has("watch")).length, 1, "one list");
  assert.ok(
    report.all.every(({ kind }) => kind === "seen"),
    "nothing was taken for a failure",
  );
});

test("history that the cluster has forgotten (410 Gone) is made up for by a list, and is no failure", {
  skip,
}, async () => {
  const reports = await namespace();
  const path = slicesOf(reports);
  await kubernetes.call("POST", path, slice("report-1", { endpoints: [["10.0.0.1"]] }));
  await using relay = await startRelay(kubernetes);
  await using watched = watchKubernetes({ access: await access(relay.server) }, { watchMs: 1_000, answerMs: 120_000 });
  const report = watched.follow({ namespace: reports });
  await report.sees(["10.0.0.1:9090 dc-a serving"]);
  relay.hold(({ query }) => query.has("watch"));
  const [resumed] = await until(() => relay.held().length === 1 && relay.held(), {
    within: 20_000,
    what: "a watch is about to be resumed",
  });

  await kubernetes.call("DELETE", `${path}/report-1`);
  await kubernetes.call("POST", path, slice("report-2", { endpoints: [["10.0.0.2"]] }));
  await kubernetes.stopApi();
  await kubernetes.compact();
  await kubernetes.startApi();
  relay.hold(undefined);
  await report.sees(["10.0.0.2:9090 dc-a serving"]);
  assert.match(resumed?.text ?? "", /"code":410/, "the API server said Gone");
  assert.ok(
    report.all.every(({ kind }) => kind === "seen"),
    "nothing was taken for a failure",
  );
});

test("an API server that hangs is noticed, nothing is removed, and all is current once it goes on", {
  skip,
}, async () => {
  const reports = await namespace();
  const path = slicesOf(reports);
  await kubernetes.call("POST", path, slice("report-1", { endpoints: [["10.0.0.1"]] }));
  await using watched = watchKubernetes(
    { access: await access() },
    { watchMs: 1_000, answerMs: 2_000, connectMs: 1_000 },
  );
  const report = watched.follow({ namespace: reports });
  await report.sees(["10.0.0.1:9090 dc-a serving"]);
  kubernetes.freezeApi();
  try {
    await report.fails(/no EndpointSlices of namespace .*(not at its end|no answer|no connection) within/);
    assert.deepEqual(report.seen(), ["10.0.0.1:9090 dc-a serving"]);
  } finally {
    kubernetes.thawApi();
  }
  await report.sees(["10.0.0.1:9090 dc-a serving"], 30_000);
});

test("an API server that is away removes nothing, and what changed meanwhile is seen when it is back", {
  skip,
}, async () => {
  const reports = await namespace();
  const path = slicesOf(reports);
  await kubernetes.call("POST", path, slice("report-1", { endpoints: [["10.0.0.1"]] }));
  await using watched = watchKubernetes({ access: await access() });
  const report = watched.follow({ namespace: reports });
  await report.sees(["10.0.0.1:9090 dc-a serving"]);
  await kubernetes.stopApi();
  await report.fails(/no EndpointSlices/);
  assert.deepEqual(report.seen(), ["10.0.0.1:9090 dc-a serving"]);
  await kubernetes.startApi();
  await report.sees(["10.0.0.1:9090 dc-a serving"]);
  await kubernetes.call("POST", path, slice("report-2", { endpoints: [["10.0.0.2"]] }));
  await report.sees(["10.0.0.1:9090 dc-a serving", "10.0.0.2:9090 dc-a serving"]);
});

test("a cluster that lost its data answers with empty lists, and what it says is marked as such until it has caught up", {
  skip,
}, async () => {
  await using other = await startKubernetes({ controllers: false });
  await createNamespace(other, "reports");
  await other.call("POST", slicesOf("reports"), slice("report-1", { endpoints: [["10.0.0.1"]] }));
  for (let count = 0; count < 100; count++)
    await other.call("PATCH", "/api/v1/namespaces/reports", { metadata: { labels: { count: `${count}` } } });
  const file = await other.kubeconfig({ token: other.token });
  await using watched = watchKubernetes({ access: { kind: "kubeconfig", file, context: undefined } });
  const report = watched.follow();
  await report.sees(["10.0.0.1:9090 dc-a serving"]);
  const evidence = () => {
    const last = report.all.findLast(({ kind }) => kind === "seen");
    return last?.kind === "seen" ? last.evidence : undefined;
  };
  assert.equal(evidence()?.rewound, undefined);
  await other.wipe();
  await report.sees([], 30_000);
  const { from = 0, to = 0 } = evidence()?.rewound ?? {};
  assert.ok(from > to && to > 0, `${from} ${to}`);
  assert.deepEqual(
    watched.notes.map(({ kind }) => kind),
    ["source-rewound"],
  );
  await createNamespace(other, "reports");
  for (let count = 0; count < 200 && evidence()?.rewound; count++)
    await other.call(
      "POST",
      slicesOf("reports"),
      slice(`other-${count}`, { service: "other", endpoints: [["10.0.0.9"]] }),
    );
  await other.call("POST", slicesOf("reports"), slice("report-1", { endpoints: [["10.0.0.2"]] }));
  await report.sees(["10.0.0.2:9090 dc-a serving"]);
  assert.equal(evidence()?.rewound, undefined, "it has come up to where it was");
});

test("a Service that nobody follows any more is not watched any more", { skip }, async () => {
  const reports = await namespace();
  await using relay = await startRelay(kubernetes);
  await using watched = watchKubernetes({ access: await access(relay.server) });
  const [one, two] = [watched.follow({ namespace: reports }), watched.follow({ namespace: reports, service: "b" })];
  await one.sees([]);
  await two.sees([]);
  one.stop();
  await kubernetes.call("POST", slicesOf(reports), slice("b-1", { service: "b", endpoints: [["10.0.0.1"]] }));
  await two.sees(["10.0.0.1:9090 dc-a serving"]);
  assert.equal(relay.calls.length, 2, "a list and a watch");
});
