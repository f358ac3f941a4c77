import assert from "node:assert/strict";
import { test } from "node:test";
import { addressText, type Endpoint, type ServiceSpec } from "../model/service.ts";
import { demandOf } from "./demand.ts";
import type { FeedKey, FeedState, FeedStates } from "./feed.ts";
import { type Merged, merge, nothingMerged } from "./merge.ts";
import { at, endpoint, serviceName, sourceName, specOf } from "./testing.ts";

const inConsul =
  (datacenter: string) =>
  (address: string, rest: Partial<Endpoint> = {}) =>
    endpoint(address, { source: sourceName(`consul/${datacenter}`), ...rest });
const a = inConsul("dc-a");
const b = inConsul("dc-b");
const current = (...endpoints: readonly Endpoint[]): FeedState => ({
  kind: "current",
  endpoints,
  at: at(1),
  skipped: [],
});
const stale = (...endpoints: readonly Endpoint[]): FeedState => ({
  kind: "stale",
  endpoints,
  at: at(1),
  skipped: [],
  since: at(2),
  cause: new Error("connection refused"),
});
const waiting: FeedState = { kind: "waiting", since: at(0), overdue: false };
const overdue: FeedState = { kind: "waiting", since: at(0), overdue: true };

const fromConsul = (name: string, ...datacenters: readonly string[]) =>
  specOf(name, { kind: "consul", service: name, tags: [], datacenters, passingOnly: true });
const report = fromConsul("report", "dc-a", "dc-b");
const reportName = serviceName("report");

/** `merged(before, [report], {"consul/dc-a": current(…)})`: states by source, for every feed of it. */
function merged(before: Merged, specs: readonly ServiceSpec[], bySource: Readonly<Record<string, FeedState>>): Merged {
  const services = new Map(specs.map((spec) => [spec.name, spec]));
  const demand = demandOf(services, { consul: ["dc-a", "dc-b", "dc-c"], kubernetes: [] });
  const states: FeedStates = new Map(
    [...demand.feeds].flatMap(([key, feed]) => {
      const state = bySource[feed.source] ?? bySource[key];
      return state ? [[key, { feed, state }] as const] : [];
    }),
  );
  return merge(before, services, demand, states);
}

const addresses = ({ catalog }: Merged, name = "report") =>
  catalog.get(serviceName(name))?.endpoints.map(({ address }) => addressText(address));

test("a service is its static endpoints and all its feeds, sorted by address", () => {
  const fixed = specOf("report", ...report.origins, { kind: "static", endpoints: [endpoint("10.0.0.2:1")] });
  const world = merged(nothingMerged, [fixed], {
    "consul/dc-a": current(a("10.0.0.3:1")),
    "consul/dc-b": current(b("10.0.0.1:1")),
  });
  assert.deepEqual(addresses(world), ["10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"]);
});

test("of two origins that give the same address the one that stands first wins", () => {
  const world = merged(nothingMerged, [report], {
    "consul/dc-a": current(a("10.0.0.1:1", { weight: 1 })),
    "consul/dc-b": current(b("10.0.0.1:1", { weight: 2 })),
  });
  assert.deepEqual(
    world.catalog.get(reportName)?.endpoints.map(({ weight }) => weight),
    [1],
  );
});

test("of two entries of one feed at the same address the healthier wins, as after a restart under a new id", () => {
  const world = merged(nothingMerged, [report], {
    "consul/dc-a": current(a("10.0.0.1:1", { health: "failing" }), a("10.0.0.1:1", { weight: 7 })),
    "consul/dc-b": current(),
  });
  assert.deepEqual(
    world.catalog.get(reportName)?.endpoints.map(({ weight }) => weight),
    [7],
  );
});

const known = { "consul/dc-a": current(a("10.0.0.1:1")), "consul/dc-b": current(b("10.0.0.2:1")) };

test("a world in which nothing changed is the very same object", () => {
  const first = merged(nothingMerged, [report], known);
  assert.equal(merged(first, [report], known), first);
});

test("a service that did not change is the very same object when its neighbour changes", () => {
  const other = fromConsul("result", "dc-c");
  const first = merged(nothingMerged, [report, other], { ...known, "consul/dc-c": current() });
  const second = merged(first, [report, other], { ...known, "consul/dc-c": current(endpoint("10.0.0.9:1")) });
  assert.notEqual(second.catalog, first.catalog);
  assert.equal(second.catalog.get(reportName), first.catalog.get(reportName));
});

test("a new document with the same endpoints is a new service with the very same list", () => {
  const first = merged(nothingMerged, [report], known);
  const second = merged(first, [{ ...report, protocol: "http2" }], known);
  assert.equal(second.catalog.get(reportName)?.spec.protocol, "http2");
  assert.equal(second.catalog.get(reportName)?.endpoints, first.catalog.get(reportName)?.endpoints);
});

test("a source that fails removes nothing", () => {
  const first = merged(nothingMerged, [report], known);
  const second = merged(first, [report], {
    ...known,
    "consul/dc-b": stale(...(known["consul/dc-b"].kind === "current" ? known["consul/dc-b"].endpoints : [])),
  });
  assert.equal(second.catalog, first.catalog);
});

test("a source that says there is nothing is believed", () => {
  const first = merged(nothingMerged, [report], known);
  assert.deepEqual(addresses(merged(first, [report], { ...known, "consul/dc-b": current() })), ["10.0.0.1:1"]);
});

test("a service whose document is gone is gone", () => {
  assert.equal(merged(merged(nothingMerged, [report], known), [], {}).catalog.size, 0);
});

type Row = {
  readonly title: string;
  readonly before: Merged;
  readonly spec: ServiceSpec;
  readonly states: Readonly<Record<string, FeedState>>;
  readonly gives: readonly string[] | "withheld";
  readonly missing: readonly FeedKey[];
};
const keyA = "consul/dc-a/report?passing&datacenter&meta.zone";
const keyB = "consul/dc-b/report?passing&datacenter&meta.zone";
const keyC = "consul/dc-c/report?passing&datacenter&meta.zone";
const served = merged(nothingMerged, [report], known);
const withC = fromConsul("report", "dc-a", "dc-b", "dc-c");
const onlyC = fromConsul("report", "dc-c");
const otherRules: ServiceSpec = { ...report, localityRules: { regionFrom: "meta.region", zoneFrom: [] } };

const table: readonly Row[] = [
  {
    title: "a new service of which nothing is known",
    before: nothingMerged,
    spec: report,
    states: {},
    gives: "withheld",
    missing: [keyA, keyB],
  },
  {
    title: "a new service with one feed silent",
    before: nothingMerged,
    spec: report,
    states: { "consul/dc-a": current(a("10.0.0.1:1")), "consul/dc-b": waiting },
    gives: "withheld",
    missing: [keyB],
  },
  {
    title: "a new service with one feed overdue",
    before: nothingMerged,
    spec: report,
    states: { "consul/dc-a": current(a("10.0.0.1:1")), "consul/dc-b": overdue },
    gives: ["10.0.0.1:1"],
    missing: [keyB],
  },
  {
    title: "a new service with one feed overdue and the other silent",
    before: nothingMerged,
    spec: report,
    states: { "consul/dc-a": waiting, "consul/dc-b": overdue },
    gives: "withheld",
    missing: [keyA, keyB],
  },
  {
    title: "a new service with all its feeds overdue",
    before: nothingMerged,
    spec: report,
    states: { "consul/dc-a": overdue, "consul/dc-b": overdue },
    gives: "withheld",
    missing: [keyA, keyB],
  },
  {
    title: "a served service that is given one more data center",
    before: served,
    spec: withC,
    states: { ...known, "consul/dc-a": current(a("10.0.0.8:1")), "consul/dc-c": waiting },
    gives: ["10.0.0.2:1", "10.0.0.8:1"],
    missing: [keyC],
  },
  {
    title: "a served service that moves to another source",
    before: served,
    spec: onlyC,
    states: { "consul/dc-c": waiting },
    gives: ["10.0.0.1:1", "10.0.0.2:1"],
    missing: [keyC],
  },
  {
    title: "a served service whose new source never speaks",
    before: served,
    spec: onlyC,
    states: { "consul/dc-c": overdue },
    gives: ["10.0.0.1:1", "10.0.0.2:1"],
    missing: [keyC],
  },
  {
    title: "a served service whose new source has spoken",
    before: served,
    spec: onlyC,
    states: { "consul/dc-c": current(endpoint("10.0.0.9:1")) },
    gives: ["10.0.0.9:1"],
    missing: [],
  },
  {
    title: "a served service read by new rules, before one feed has spoken",
    before: served,
    spec: otherRules,
    states: { "consul/dc-a": current(a("10.0.0.1:1")), "consul/dc-b": waiting },
    gives: ["10.0.0.1:1", "10.0.0.2:1"],
    missing: ["consul/dc-b/report?passing&meta.region"],
  },
  {
    title: "a served service read by new rules, one feed overdue",
    before: served,
    spec: otherRules,
    states: { "consul/dc-a": current(), "consul/dc-b": overdue },
    gives: ["10.0.0.2:1"],
    missing: ["consul/dc-b/report?passing&meta.region"],
  },
];

for (const { title, before, spec, states, gives, missing } of table) {
  test(`${title}: ${gives === "withheld" ? "is withheld" : `is ${gives.join(" and ")}`}`, () => {
    const world = merged(before, [spec], states);
    assert.deepEqual(addresses(world) ?? "withheld", gives);
    assert.deepEqual((gives === "withheld" ? world.withheld : world.incomplete).get(reportName) ?? [], missing);
    assert.equal(merged(world, [spec], states).catalog, world.catalog, "merging again changes nothing");
  });
}

test("a typo in a data center's name withholds a new service and empties no served one", () => {
  const typo = fromConsul("report", "dc-x");
  assert.deepEqual([...merged(nothingMerged, [typo], {}).withheld.keys()], ["report"]);
  assert.deepEqual(addresses(merged(served, [typo], {})), ["10.0.0.1:1", "10.0.0.2:1"]);
  const half = fromConsul("report", "dc-a", "dc-x");
  assert.deepEqual(addresses(merged(nothingMerged, [half], known)), ["10.0.0.1:1"]);
});

test("a service whose document names no origin at all is empty, as its author says", () => {
  const world = merged(nothingMerged, [specOf("report")], {});
  assert.deepEqual(addresses(world), []);
});
