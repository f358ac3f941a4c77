import assert from "node:assert/strict";
import { test } from "node:test";
import { toBinary } from "@bufbuild/protobuf";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { anyRequest } from "../model/covers-match.ts";
import { defaultChecking, defaultPolicy } from "../model/default-policy.ts";
import { noDistances } from "../model/distances.ts";
import { type Locality, type LocalityPattern, parseLocality, parseLocalityPattern } from "../model/locality.ts";
import { parseEndpointId, parseServiceName, parseSourceName } from "../model/names.ts";
import type { TrafficPolicy } from "../model/policy.ts";
import type { RouteRule, RouteSpec } from "../model/route.ts";
import type { Endpoint, Protocol, Service } from "../model/service.ts";
import { plainSplit, type Split } from "../model/split.ts";
import type { Viewer } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import type { ResourceSet } from "./resource-set.ts";
import { createTranslate } from "./translate.ts";

test("what did not change is the very same message, and a change of a split is a change of one assignment", () => {
  const translate = createTranslate();
  const services = [service("report"), service("result")];
  const before = translate(world(services), edge("dc-a/z1")).resources;
  const same = translate(world(services), edge("dc-a/z1")).resources;
  assert.deepEqual(changes(before, same), []);

  const shifted = translate(
    world(services, { splits: [sharesOf("report", { "dc-a": 50, "dc-b": 50 })] }),
    edge("dc-a/z1"),
  );
  assert.deepEqual(changes(before, shifted.resources), ["endpoints report"]);
});

test("an endpoint that joins changes one assignment, and a policy the cluster and the routes", () => {
  const translate = createTranslate();
  const [report, result] = [service("report"), service("result")];
  const before = translate(world([report, result]), grpc("dc-a/z1")).resources;
  const joined = { ...report, endpoints: [...report.endpoints, endpoint("10.9.9.9", "dc-c/z1")] };
  assert.deepEqual(changes(before, translate(world([joined, result]), grpc("dc-a/z1")).resources), [
    "endpoints report",
  ]);

  const policies = { report: { ...defaultPolicy, panicThreshold: 0 } };
  const tuned = translate(world([report, result], { policies }), grpc("dc-a/z1")).resources;
  assert.deepEqual(changes(before, tuned), ["clusters report", "routes report"]);
});

test("viewers share all that does not depend on where they are", () => {
  const translate = createTranslate();
  const shares = world([service("report")], { splits: [sharesOf("report", { "dc-a": 70, "dc-b": 30 })] });
  const here = translate(shares, edge("dc-a/z1")).resources;
  assert.deepEqual(changes(here, translate(shares, edge("dc-b/z1")).resources), []);

  const nearest = world([service("report")]);
  const there = translate(nearest, edge("dc-b/z1")).resources;
  assert.deepEqual(changes(translate(nearest, edge("dc-a/z1")).resources, there), ["endpoints report"]);
  assert.equal(translate(nearest, sidecar("dc-b/z1")).resources.endpoints[0], there.endpoints[0]);
});

test("callers from where a service has nothing are told the same", () => {
  const translate = createTranslate();
  const nearest = world([service("report")]);
  const one = (where: string) => translate(nearest, edge(where)).resources.endpoints[0];
  assert.equal(one("dc-x/z1"), one("dc-y/z2"));
  assert.equal(one("dc-a/z8"), one("dc-a"));
  assert.notEqual(one("dc-a/z8"), one("dc-a/z1"));
  assert.notEqual(one("dc-a/z8"), one("dc-x/z1"));
});

test("of a service whose endpoints changed the assignments are new, and all else is the very same", () => {
  const translate = createTranslate();
  const [report, result] = [service("report"), service("result")];
  const subsets = [
    { name: "v1", match: { version: "v1" }, whenEmpty: "fail" as const },
    { name: "v2", match: { version: "v2" }, whenEmpty: "fail" as const },
  ];
  const spec = { ...report.spec, subsets };
  const versioned = (version: string, host: string) => ({ ...endpoint(host, "dc-a/z1"), metadata: { version } });
  const stays = versioned("v1", "10.0.0.1");
  const before = world([{ spec, endpoints: [stays, versioned("v2", "10.0.0.2")] }, result]);
  const changed = { spec, endpoints: [stays, versioned("v2", "10.0.0.3")] };
  const after = { ...before, catalog: new Map(before.catalog).set(serviceName("report"), changed) };
  for (const viewer of [edge("dc-a/z1"), grpc("dc-a/z1")]) {
    const [first, second] = [translate(before, viewer).resources, translate(after, viewer).resources];
    const unlike = (section: keyof ResourceSet) =>
      second[section].filter((each, index) => each !== first[section][index]).map(nameOf);
    assert.deepEqual(unlike("endpoints"), ["report", "report|v2"]);
    for (const section of ["clusters", "listeners", "routes"] as const) assert.deepEqual(unlike(section), []);
  }
});

test("a Route that changes makes its own virtual host anew, and no other", () => {
  const translate = createTranslate();
  const before = {
    ...world(["report", "result"].map((name) => service(name))),
    routes: [routeTo("canary", "report", 1)],
  };
  const after = { ...before, routes: [routeTo("canary", "report", 2)] };
  const hosts = (given: World) => translate(given, edge("dc-a/z1")).resources.routes[0]?.virtualHosts ?? [];
  const [first, second] = [hosts(before), hosts(after)];
  assert.deepEqual(
    second.map((host, index) => [host.name, host === first[index]]),
    [
      ["report/canary", false],
      ["result", true],
    ],
  );
});

test("a Route leads to what is there: a service that is gone is left to the others, and to a 503 when it was alone", () => {
  const backends = ["report", "gone"].map((name) => ({ service: serviceName(name), subset: undefined, weight: 1 }));
  const [both, gone] = [backends, backends.slice(1)].map((each) => ({ ...ruleTo("report", 1), backends: each }));
  assert.ok(both && gone);
  const rules = [{ ...both, matches: [{ ...anyRequest, percent: 50 }] }, gone];
  const given = { ...world([service("report")]), routes: [{ name: "partly", hosts: ["front"], rules }] };
  const actions = (viewer: Viewer) =>
    createTranslate()(given, viewer)
      .resources.routes.flatMap(({ virtualHosts }) => virtualHosts)
      .find(({ name }) => name === "-/partly")
      ?.routes.map(({ action }) => action.case);
  assert.deepEqual(actions(edge("dc-a/z1")), ["route", "directResponse"]);
  assert.deepEqual(actions(grpc("dc-a/z1")), ["route"]);
});

test("equal worlds give equal bytes, in whatever order they were told", () => {
  const bytes = (services: readonly Service[]) =>
    createTranslate()(world(services), edge("dc-a/z1")).resources.endpoints.map((each) =>
      Buffer.from(toBinary(ClusterLoadAssignmentSchema, each)).toString("hex"),
    );
  const services = ["report", "result", "catalog"].map((name) => service(name));
  assert.deepEqual(bytes(services), bytes(services.toReversed().map((each) => structuredClone(each))));
});

test("of two services with one host the first by name has it, and the other is reported", () => {
  const { resources, leftOut } = createTranslate()(
    world([service("b", { hosts: ["shared", "b"] }), service("a", { hosts: ["Shared"] })]),
    edge("dc-a/z1"),
  );
  assert.deepEqual(
    resources.routes[0]?.virtualHosts.map(({ name, domains }) => [name, domains]),
    [
      ["a", ["shared", "shared:*"]],
      ["b", ["b", "b:*"]],
    ],
  );
  assert.deepEqual([...leftOut], [["b", [{ at: "hosts[0]", says: '"shared" is left out: a has this host already' }]]]);
});

test("a service that a client cannot call is left out and reported, the others are served", () => {
  const services = world([
    service("report"),
    service("store", { protocol: "tcp" }),
    service("web", { protocol: "http1" }),
  ]);
  const names = (viewer: Viewer) => {
    const { resources, leftOut } = createTranslate()(services, viewer);
    return { clusters: resources.clusters.map(({ name }) => name), leftOut: [...leftOut.keys()] };
  };
  assert.deepEqual(names(edge("dc-a")), { clusters: ["report", "web"], leftOut: ["store"] });
  assert.deepEqual(names(grpc("dc-a")), { clusters: ["report"], leftOut: ["store", "web"] });
});

test("a gRPC health check of a service that speaks HTTP/1 is not done, and said so", () => {
  const healthCheck: TrafficPolicy["healthCheck"] = {
    kind: "on",
    ...defaultChecking,
    check: { kind: "grpc", serviceName: "", authority: undefined },
  };
  const policies = { web: { ...defaultPolicy, healthCheck } };
  const { resources, leftOut } = createTranslate()(
    world([service("web", { protocol: "http1" })], { policies }),
    edge("dc-a"),
  );
  assert.deepEqual(resources.clusters[0]?.healthChecks, []);
  assert.deepEqual(
    [...leftOut.values()].flat().map(({ at }) => at),
    ["healthCheck.grpc"],
  );
});

test("a place whose health checks change is told to Envoys, and not to gRPC clients", () => {
  const services = [service("report")];
  const checking = (port: number | undefined): TrafficPolicy => ({
    ...defaultPolicy,
    healthCheck: {
      kind: "on",
      ...defaultChecking,
      check: { kind: "tcp", send: undefined, receive: [] },
      perLocality: port === undefined ? [] : [{ locality: patternOf("dc-a"), disabled: false, port, host: undefined }],
    },
  });
  const translate = createTranslate();
  const at = (policy: TrafficPolicy, viewer: Viewer) =>
    translate(world(services, { policies: { report: policy } }), viewer).resources;
  const portOf = ({ endpoints }: ResourceSet) => {
    const { hostIdentifier } = endpoints[0]?.endpoints[0]?.lbEndpoints[0] ?? {};
    return hostIdentifier?.case === "endpoint" ? hostIdentifier.value.healthCheckConfig?.portValue : undefined;
  };
  assert.deepEqual(
    [checking(undefined), checking(9091), checking(9092)].map((policy) => portOf(at(policy, edge("dc-a")))),
    [undefined, 9091, 9092],
  );
  assert.equal(portOf(at(checking(9091), grpc("dc-a"))), undefined);
});

/** `endpoints report` for each resource that is another object in the second set, or in one of the two only. */
function changes(before: ResourceSet, after: ResourceSet): readonly string[] {
  const named = (set: ResourceSet): readonly (readonly [string, object])[] => [
    ...set.clusters.map((each) => [`clusters ${each.name}`, each] as const),
    ...set.endpoints.map((each) => [`endpoints ${each.clusterName}`, each] as const),
    ...set.listeners.map((each) => [`listeners ${each.name}`, each] as const),
    ...set.routes.map((each) => [`routes ${each.name}`, each] as const),
  ];
  const [old, now] = [new Map(named(before)), new Map(named(after))];
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name));
}

function world(
  services: readonly Service[],
  {
    splits = [],
    policies = {},
  }: { splits?: readonly Split[]; policies?: Readonly<Record<string, TrafficPolicy>> } = {},
): World {
  return {
    revision: 1,
    catalog: new Map(services.map((each) => [each.spec.name, each])),
    splits: new Map(splits.map((each) => [each.service, each])),
    policies: new Map(Object.entries(policies).map(([name, policy]) => [serviceName(name), policy])),
    routes: [],
    held: new Map(),
    distances: noDistances,
  };
}

function service(name: string, { hosts = [name], protocol = "grpc" as Protocol } = {}): Service {
  return {
    spec: {
      name: serviceName(name),
      protocol,
      hosts,
      origins: [],
      localityRules: { regionFrom: "datacenter", zoneFrom: [] },
      subsets: [],
      capacity: undefined,
    },
    endpoints: [endpoint("10.1.1.1", "dc-a/z1"), endpoint("10.2.1.1", "dc-b/z1")],
  };
}

function routeTo(name: string, to: string, percent: number): RouteSpec {
  return { name, hosts: [to], rules: [ruleTo(to, percent)] };
}

function ruleTo(to: string, percent: number): RouteRule {
  return {
    ...{ name: undefined, matches: [{ ...anyRequest, percent }], mirrors: [], hashOn: undefined, retry: undefined },
    backends: [{ service: serviceName(to), subset: undefined, weight: 1 }],
    timeouts: { requestMs: undefined, streamIdleMs: undefined, maxStreamMs: undefined },
    requestHeaders: { set: [], add: [], remove: [] },
    responseHeaders: { set: [], add: [], remove: [] },
    ...{ sessionAffinity: undefined, fault: undefined, rateLimit: undefined },
  };
}

function nameOf(resource: { readonly name: string } | { readonly clusterName: string }): string {
  return "clusterName" in resource ? resource.clusterName : resource.name;
}

function endpoint(host: string, where: string): Endpoint {
  const id = parseEndpointId(host);
  const source = parseSourceName("test");
  assert.ok(id && source);
  const address = { host, port: 9090 };
  return { id, address, locality: localityOf(where), health: "serving", weight: 100, metadata: {}, source };
}

function sharesOf(name: string, shares: Readonly<Record<string, number>>): Split {
  const pattern = (text: string) => {
    const parsed = parseLocalityPattern(text);
    assert.ok(parsed.ok);
    return parsed.value;
  };
  const to = Object.entries(shares).map(([where, percent]) => ({ locality: pattern(where), percent }));
  const rules = [{ from: pattern("*"), spread: { kind: "shares", to } as const, failover: [] }];
  return { name, service: serviceName(name), rules, ...plainSplit };
}

function edge(where: string): Viewer {
  return { flavour: "envoy", role: "edge", locality: localityOf(where), listen: { host: "0.0.0.0", port: 10_000 } };
}

function sidecar(where: string): Viewer {
  return {
    flavour: "envoy",
    role: "sidecar",
    locality: localityOf(where),
    listen: { host: "127.0.0.1", port: 15_001 },
  };
}

function grpc(where: string): Viewer {
  return { flavour: "grpc", locality: localityOf(where), grpc: { implementation: "other", lacks: [] } };
}

function localityOf(text: string): Locality {
  const parsed = parseLocality(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function patternOf(text: string): LocalityPattern {
  const pattern = parseLocalityPattern(text);
  assert.ok(pattern.ok);
  return pattern.value;
}

function serviceName(text: string) {
  const name = parseServiceName(text);
  assert.ok(name, text);
  return name;
}
