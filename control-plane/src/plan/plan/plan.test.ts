import assert from "node:assert/strict";
import { test } from "node:test";
import { atOnce } from "../../lib/in-turns.ts";
import { noDistances } from "../../model/distances.ts";
import { parseLocality } from "../../model/locality.ts";
import type { Service } from "../../model/service.ts";
import { type Viewer, viewerKey } from "../../model/viewer.ts";
import type { World } from "../../model/world.ts";
import { buildBook, emptyBook } from "../../policy/documents/book.ts";
import { parseDocument } from "../../policy/documents/parse-document.ts";
import { policy, service, split } from "../../policy/testing.ts";
import { worldParts } from "../../policy/world-parts.ts";
import { pack } from "../../snapshot/pack.ts";
import { createTranslate } from "../../translate/translate.ts";
import type { Scene } from "../analyze/scene.ts";
import { isEmptyPlan, type PlannedState, planning } from "./plan.ts";

const now = new Date("2026-03-01T12:00:00Z");
const at = (text: string) => {
  const locality = parseLocality(text);
  assert.ok(locality.ok);
  return locality.value;
};
const edgeA: Viewer = { flavour: "envoy", role: "edge", locality: at("dc-a/z1"), listen: { host: "0.0.0.0", port: 1 } };
const edgeB: Viewer = { ...edgeA, locality: at("dc-b/z1") };
const node: Viewer = { flavour: "grpc", locality: at("dc-a/z1"), grpc: { implementation: "node", lacks: [] } };
const client = (nodeId: string, viewer: Viewer, isSynced = true) => ({
  nodeId,
  kind: viewer.flavour,
  role: viewer.flavour === "envoy" ? viewer.role : "proxyless",
  locality: `${viewer.locality.region}/${viewer.locality.zone}`,
  viewer: viewerKey(viewer),
  listeners: viewer.flavour === "grpc" ? ["report"] : undefined,
  isSynced,
});
const clients = [client("edge-1", edgeA), client("edge-2", edgeA, false), client("edge-3", edgeB), client("app", node)];

const report = (...localities: readonly string[]) =>
  service("report", {
    endpoints: [{ static: localities.map((locality, index) => ({ address: `10.0.0.${index + 1}:90`, locality })) }],
    capacity: { rpsPerEndpoint: 100 },
  });

function states(...all: readonly (readonly object[])[]): PlannedState[] {
  let book = emptyBook;
  return all.map((documents, index): PlannedState => {
    const parsed = documents.map((each) => {
      const result = parseDocument(each);
      assert.ok(result.ok, JSON.stringify(result));
      return result.value;
    });
    const built = buildBook(book, parsed, { revision: index + 1 });
    assert.ok(built.ok, JSON.stringify(built));
    book = built.value;
    const catalog = new Map(
      [...book.services].map(([name, spec]) => {
        const endpoints = spec.origins.flatMap((each) => (each.kind === "static" ? each.endpoints : []));
        return [name, { spec, endpoints } as Service] as const;
      }),
    );
    const before = last?.catalog;
    for (const [name, { spec }] of catalog) {
      const same = before?.get(name);
      if (same?.spec === spec) catalog.set(name, same);
    }
    const world: World = {
      revision: index + 1,
      catalog,
      ...worldParts(book, now, { held: new Map(), distances: noDistances }),
    };
    last = world;
    const seen = clients.map(({ nodeId, kind, locality }) => ({ nodeId, kind, locality: at(locality), agent: kind }));
    const scene: Scene = { book, written: parsed, catalog, clients: seen, loads: undefined, now };
    return { world, scene };
  });
}
let last: World | undefined;

function planned(before: readonly object[], after: readonly object[]) {
  last = undefined;
  const [old, next] = states(before, after);
  assert.ok(old && next);
  const translate = createTranslate();
  const steps = planning({
    before: old,
    after: next,
    viewers: [edgeA, edgeB, node, edgeA],
    clients,
    snapshotOf: (world, viewer) => pack(translate(world, viewer).resources, viewerKey(viewer), world.revision),
  });
  return atOnce(steps);
}

const places = ["dc-a/z1", "dc-b/z1", "dc-c/z1"];
const shares = (from: string, a: number, b: number) =>
  split("report", {
    rules: [
      { from, to: { "dc-a": a, "dc-b": b }, failover: ["dc-c"] },
      ...(from === "*" ? [] : [{ from: "*", prefer: "nearest" }]),
    ],
  });

test("a shift for the callers of one data center touches their endpoint assignment, and no one else", () => {
  const plan = planned([report(...places), shares("dc-a", 80, 20)], [report(...places), shares("dc-a", 60, 40)]);
  assert.deepEqual(
    plan.resources.map(({ type, name, action, viewers }) => ({ type, name, action, viewers })),
    [{ type: "endpoints", name: "report", action: "changed", viewers: [viewerKey(edgeA), viewerKey(node)] }],
  );
  const paths = plan.resources.flatMap(({ fields }) => fields.map(({ path }) => path));
  assert.deepEqual([...new Set(paths)].sort(), [
    "endpoints[dc-a/z1].load_balancing_weight",
    "endpoints[dc-b/z1].load_balancing_weight",
  ]);
  assert.deepEqual(plan.clients, {
    touched: 3,
    of: 4,
    groups: [
      { kind: "envoy", role: "edge", locality: "dc-a/z1", clients: 2, synced: 1, behind: ["edge-2"] },
      { kind: "grpc", role: "proxyless", locality: "dc-a/z1", clients: 1, synced: 1, behind: [] },
    ],
  });
});

test("traffic is told per data center, by clients alike while nobody reports, with what its endpoints can bear", () => {
  const plan = planned([report(...places), shares("*", 80, 20)], [report(...places), shares("*", 60, 40)]);
  assert.equal(plan.traffic.length, 1);
  const { basis, regions } = plan.traffic[0] ?? {};
  assert.equal(basis, "clients");
  assert.deepEqual(regions, [
    { region: "dc-a", percentBefore: 80, percentAfter: 60, capacityRps: 100 },
    { region: "dc-b", percentBefore: 20, percentAfter: 40, capacityRps: 100 },
    { region: "dc-c", percentBefore: 0, percentAfter: 0, capacityRps: 100 },
  ]);
});

test("findings are those that the change brings about and those that it takes away", () => {
  const tight = policy("report", { outlierDetection: { maxEjectionPercent: 10 } });
  const wide = policy("report", { retry: { retryOn: ["INTERNAL"], perTryTimeout: "2s" } });
  const plan = planned([report(...places), tight], [report(...places), wide]);
  assert.deepEqual(
    [plan.findings.map(({ code }) => code), plan.resolved.map(({ code }) => code)],
    [["WR0213"], ["WR0202"]],
  );
  assert.deepEqual(plan.traffic, [], "all are healthy: traffic goes where it did");
});

test("a new service is added for whoever can call it, and an unchanged document is no change", () => {
  const tcp = service("tunnel", {
    protocol: "HTTP1",
    endpoints: [{ static: [{ address: "10.0.0.9:90", locality: "dc-a/z1" }] }],
  });
  const plan = planned([report(...places)], [report(...places), tcp]);
  const added = plan.resources.filter(({ name }) => name === "tunnel");
  assert.deepEqual(
    added.map(({ type, action, viewers }) => [type, action, [...viewers].some((each) => each.startsWith("grpc"))]),
    [
      ["cluster", "added", false],
      ["endpoints", "added", false],
      ["endpoints", "added", false],
    ].slice(0, added.length),
  );
  assert.ok(added.length >= 2);
  assert.deepEqual(
    plan.documents.map(({ kind, name, action }) => [kind, name, action]),
    [["Service", "tunnel", "create"]],
  );
  assert.equal(isEmptyPlan(plan), false);
});

test("the same documents again are an empty plan", () => {
  const plan = planned([report(...places), shares("*", 80, 20)], [report(...places), shares("*", 80, 20)]);
  assert.equal(isEmptyPlan(plan), true);
  assert.deepEqual([plan.resources, plan.traffic, plan.findings, plan.clients.touched], [[], [], [], 0]);
});

test("a proxyless client is touched by what it asks for, and not by a service that it does not call", () => {
  const result = service("result", { endpoints: [{ static: [{ address: "10.0.0.9:90", locality: "dc-a/z1" }] }] });
  const plan = planned([report(...places)], [report(...places), result]);
  assert.deepEqual(
    plan.clients.groups.map(({ kind, clients: some }) => [kind, some]),
    [
      ["envoy", 2],
      ["envoy", 1],
    ],
  );
  assert.ok(plan.resources.every(({ viewers }) => !viewers.includes(viewerKey(node))));
});
