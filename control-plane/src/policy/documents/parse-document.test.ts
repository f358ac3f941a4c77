import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { problemText } from "../../lib/parsed.ts";
import { defaultChecking, defaultPolicy } from "../../model/default-policy.ts";
import { localityText, patternText } from "../../model/locality.ts";
import { checkDirectory } from "../check-directory.ts";
import { noon, policy, service, split } from "../testing.ts";
import { documentKinds } from "./document-schemas.ts";
import { type JsonSchema, jsonSchemas } from "./json-schema.ts";
import { parseDocument } from "./parse-document.ts";

const good = await checkDirectory(fileURLToPath(new URL("../../../testdata/documents/good", import.meta.url)), noon);

function modelOf<Kind extends "Service" | "TrafficSplit" | "TrafficPolicy">(kind: Kind, name: string) {
  const found = good.documents.find((each) => each.kind === kind && each.name === name);
  assert.ok(found, `${kind} ${name} is not among the good documents`);
  return found.model as Extract<typeof found, { kind: Kind }>["model"];
}

test("good documents are good, of every kind, with every field, from YAML and JSON", () => {
  assert.deepEqual(good.problems.map(problemText), []);
});

test("a service that says nothing more is gRPC, is dialled by its name, and has what registers itself", () => {
  assert.deepEqual(modelOf("Service", "least"), {
    name: "least",
    protocol: "grpc",
    hosts: ["least"],
    origins: [{ kind: "registry", service: "least" }],
    localityRules: { regionFrom: "datacenter", zoneFrom: ["meta.zone"] },
    subsets: [],
    capacity: undefined,
  });
});

test("a policy that says nothing is the default policy", () => {
  const { policy, services } = modelOf("TrafficPolicy", "least");
  assert.deepEqual(policy, defaultPolicy);
  assert.deepEqual(services, ["least"]);
});

test("everything that a service document says is in the model", () => {
  const { hosts, origins, localityRules } = modelOf("Service", "report");
  assert.deepEqual(hosts, ["report", "report.example"]);
  assert.deepEqual(localityRules, { regionFrom: "datacenter", zoneFrom: ["meta.zone", "meta.rack"] });
  const addressType = "IPv4";
  const kubernetes = { kind: "kubernetes", service: "report", datacenters: [] };
  assert.deepEqual(origins.slice(0, 5), [
    { kind: "consul", service: "report", tags: ["grpc"], datacenters: ["dc-a", "dc-b", "dc-c"], passingOnly: true },
    { ...kubernetes, namespace: "reports", port: "grpc", addressType, readyOnly: true, datacenters: ["dc-a"] },
    { ...kubernetes, namespace: "default", port: 9090, addressType: undefined, readyOnly: false },
    { kind: "registry", service: "report" },
    { kind: "file", path: "report.endpoints.yaml" },
  ]);
  const statics = origins.flatMap((each) => (each.kind === "static" ? each.endpoints : []));
  assert.deepEqual(
    statics.map(({ id, address: { host, port }, locality, weight, health }) =>
      [id, host, port, localityText(locality), weight, health].join(" "),
    ),
    [
      "127.0.0.1:9001 127.0.0.1 9001 dc-a/z1 100 serving",
      "report-2 127.0.0.2 9090 dc-b/z1/rack-4 100 draining",
      "[2001:db8::1]:9001 2001:db8::1 9001 dc-b 100 serving",
    ],
  );
  assert.deepEqual(statics[0]?.metadata, { version: "v1" });
  assert.equal(modelOf("Service", "from-json").localityRules.regionFrom, "meta.region");
});

test("what a split says of ceilings, expected requests and failback is in the model", () => {
  const { failback, ceilings, expectedRps } = modelOf("TrafficSplit", "report");
  assert.deepEqual(failback, { holdForMs: 45_000, stepPercent: 20, everyMs: 5_000 });
  assert.deepEqual(ceilings, [
    { region: "dc-b", rps: 5000 },
    { region: "dc-c", rps: 100 },
  ]);
  assert.deepEqual(
    expectedRps.map(({ from, rps }) => `${patternText(from)} ${rps}`),
    ["dc-a 3000", "dc-b/z1 250.5"],
  );
});

test("everything that a split document says is in the model, shares in one order however they were written", () => {
  const { rules, overrides } = modelOf("TrafficSplit", "report");
  assert.deepEqual(
    rules.map(({ from, spread, failover }) => {
      const to =
        spread.kind === "nearest"
          ? "nearest"
          : spread.to.map(({ locality, percent }) => `${patternText(locality)}=${percent}`).join(" ");
      return `${patternText(from)}: ${to}, then ${failover === "nearest" ? failover : failover.map(patternText).join(" ")}`;
    }),
    [
      "dc-a: dc-a=80 dc-b=20, then dc-c",
      "dc-b/z1: dc-a=33.3 dc-b=33.3 dc-c/z1=33.4 dc-c/z2=0, then dc-c",
      "*: nearest, then dc-b *",
    ],
  );
  assert.deepEqual(
    overrides.map(({ locality, weight, by, expireTime }) => [
      patternText(locality),
      weight,
      by,
      expireTime.toISOString(),
    ]),
    [
      ["dc-a/z1", 0, "ana", "2026-03-02T17:00:00.000Z"],
      ["dc-b", 50, "ben", "2020-01-01T00:00:00.000Z"],
    ],
  );
});

test("everything that a policy document says is in the model", () => {
  const { policy } = modelOf("TrafficPolicy", "report");
  assert.deepEqual(policy, {
    ...defaultPolicy,
    loadBalancer: {
      kind: "ring-hash",
      hashOn: [{ kind: "header", name: "x-report-id" }],
      minimumRingSize: 1024,
      maximumRingSize: 4096,
      balanceFactor: undefined,
    },
    circuitBreaker: { ...defaultPolicy.circuitBreaker, perEndpoint: { maxConnections: 256 } },
    retry: {
      ...defaultPolicy.retry,
      attempts: 2,
      perTryTimeoutMs: 2000,
      budget: { percent: 20, minRetryConcurrency: 3, intervalMs: 0 },
    },
    timeouts: { ...defaultPolicy.timeouts, requestMs: 15_000 },
    healthCheck: {
      kind: "on",
      ...defaultChecking,
      check: { kind: "grpc", serviceName: "report.v1.Reports", authority: undefined },
    },
  });
});

test("what is turned off is off", () => {
  const { policy } = modelOf("TrafficPolicy", "off");
  assert.deepEqual(policy.outlierDetection, { kind: "off" });
  assert.deepEqual(policy.retry, { kind: "off" });
  assert.deepEqual(policy.loadBalancer, { kind: "round-robin", slowStart: undefined });
  assert.deepEqual(policy.timeouts, { ...defaultPolicy.timeouts, idleMs: 0 });
  assert.equal(policy.healthCheck.kind === "on" && policy.healthCheck.check.kind, "http");
});

test("a document comes back as it was written, defaults left out", () => {
  const written = split("report", { rules: [{ to: { "dc-b": 20, "dc-a": 80 } }] });
  const { apiVersion, kind, metadata, spec } = written;
  const result = parseDocument({ spec, metadata, kind, apiVersion });
  assert.deepEqual(result.ok && result.value.document, written);
});

test("what is no document is refused with a word to its author, whatever it is", () => {
  const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`);
  const cyclic: unknown[] = [];
  cyclic.push(cyclic, cyclic, cyclic);
  const odd = [
    cyclic,
    undefined,
    null,
    7,
    "text",
    [],
    () => 1,
    Symbol("x"),
    new Date(),
    new Map(),
    10n,
    deep,
    Object.create({ a: 1 }),
  ];
  for (const input of odd) {
    const result = parseDocument(input);
    assert.ok(!result.ok && result.problems.every(({ says }) => says !== ""), String(input).slice(0, 40));
  }
  for (const spec of odd) assert.ok(!parseDocument({ ...policy("report"), spec }).ok);
});

test("names of JavaScript's own are names like others, and __proto__ is none", () => {
  for (const name of ["constructor", "toString", "hasOwnProperty"]) assert.ok(parseDocument(service(name)).ok);
  const labels = JSON.parse('{"__proto__": "x"}');
  const result = parseDocument({ ...service("report"), metadata: { name: "report", labels } });
  assert.deepEqual(!result.ok && result.problems, [
    { at: "metadata.labels.__proto__", says: "may not be used as a name" },
  ]);
});

test("every field that an author can write is explained to his editor", () => {
  const unexplained: string[] = [];
  function visit(schema: JsonSchema, path: string): void {
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (field.description === undefined) unexplained.push(`${path}.${name}`);
      visit(field, `${path}.${name}`);
    }
    if (schema.items) visit(schema.items, `${path}[]`);
  }
  for (const kind of documentKinds) visit(jsonSchemas[kind], kind);
  assert.deepEqual(unexplained, []);
});
