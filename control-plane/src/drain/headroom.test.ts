import assert from "node:assert/strict";
import { test } from "node:test";
import type { Drain } from "../model/drain.ts";
import { parseLocality, parseLocalityPattern } from "../model/locality.ts";
import { parseServiceName } from "../model/names.ts";
import type { Service } from "../model/service.ts";
import type { World } from "../model/world.ts";
import { buildBook, emptyBook } from "../policy/documents/book.ts";
import { parseDocument } from "../policy/documents/parse-document.ts";
import { service, split } from "../policy/testing.ts";
import { worldParts } from "../policy/world-parts.ts";
import { headroomFor, type Seen } from "./headroom.ts";

const noon = new Date("2026-03-01T12:00:00Z");

/** A world of these documents, whose services have static endpoints alone. */
function worldOf(...documents: readonly object[]): World {
  const parsed = documents.map((each) => {
    const result = parseDocument(each);
    return result.ok ? result.value : assert.fail(JSON.stringify(result));
  });
  const book = buildBook(emptyBook, parsed, { revision: 1 });
  if (!book.ok) return assert.fail(JSON.stringify(book));
  const catalog = [...book.value.services.values()].map((spec): Service => {
    const endpoints = spec.origins.flatMap((each) => (each.kind === "static" ? each.endpoints : []));
    return { spec, endpoints };
  });
  return {
    revision: 1,
    catalog: new Map(catalog.map((each) => [each.spec.name, each])),
    ...worldParts(book.value, noon),
  };
}

const report = (places: readonly string[], spec: object = { capacity: { rpsPerEndpoint: 100 } }) =>
  service("report", {
    ...spec,
    endpoints: [{ static: places.map((locality, index) => ({ address: `10.0.0.${index + 1}:90`, locality })) }],
  });

function drain(place: string, mode: Drain["mode"] = "drain", services?: readonly string[]): Drain {
  const locality = parseLocalityPattern(place);
  const named = services?.map((name) => parseServiceName(name) ?? assert.fail(name));
  const why = { name: place.replace("/", "."), reason: "swap", by: "ana", expireTime: new Date(noon.getTime() + 1) };
  return { ...why, locality: locality.ok ? locality.value : assert.fail(place), mode, services: named };
}

/** So many requests a second from each place to report, over ten seconds. */
function sends(rates: Readonly<Record<string, number>>): Seen {
  const loads = Object.entries(rates).map(([place, rps]) => {
    const from = parseLocality(place);
    return { service: "report", from: from.ok ? from.value : assert.fail(place), requests: rps * 10 };
  });
  return { clients: [], observed: { windowMs: 10_000, loads } };
}

const nobody: Seen = { clients: [], observed: undefined };
const three = ["dc-a/z1", "dc-a/z2", "dc-b/z1", "dc-c/z1"];

test("what goes to the others is counted against what each of them bears, with its ceiling if that is less", () => {
  const rules = [{ to: { "dc-a": 50, "dc-b": 25, "dc-c": 25 } }];
  const enough = headroomFor(
    worldOf(report(three), split("report", { rules })),
    [],
    drain("dc-a"),
    sends({ "dc-a/z1": 200 }),
  );
  assert.deepEqual([enough.missing, enough.warnings], [[], []]);
  assert.deepEqual(enough.services[0]?.places, [
    { place: "dc-a", percentBefore: 50, percentAfter: 0, rpsAfter: 0, serving: 0, capacityRps: 0 },
    { place: "dc-b", percentBefore: 25, percentAfter: 50, rpsAfter: 100, serving: 1, capacityRps: 100 },
    { place: "dc-c", percentBefore: 25, percentAfter: 50, rpsAfter: 100, serving: 1, capacityRps: 100 },
  ]);
  const ceilings = { "dc-c": { rps: 90 } };
  const less = worldOf(report(three), split("report", { rules, ceilings }));
  assert.deepEqual(headroomFor(less, [], drain("dc-a"), sends({ "dc-a/z1": 200 })).missing, [
    "report: dc-c would get 100 requests/s (50 %, as clients report), and bears 90 (1 serving, 100 each)",
  ]);
});

test("a zone is drained into the rest of its data center, which bears less than all of it", () => {
  const world = worldOf(report(three), split("report", { rules: [{ to: { "dc-a": 100 } }] }));
  assert.deepEqual(headroomFor(world, [], drain("dc-a/z1"), sends({ "dc-b": 120 })).missing, [
    "report: dc-a would get 120 requests/s (100 %, as clients report), and bears 100 (1 serving, 100 each)",
  ]);
});

test("what is drained already counts as gone, also for who is not asked again", () => {
  const world = worldOf(report(three));
  const drained = [drain("dc-b"), drain("dc-c", "drain", ["report"])];
  const { missing } = headroomFor(world, drained, drain("dc-a"), nobody);
  assert.deepEqual(missing, [
    "report has no serving endpoint outside dc-a that is not drained already (of 4 in all): nobody would be left to answer",
  ]);
  const { missing: apart } = headroomFor(world, [drain("dc-a", "isolate"), drain("dc-c")], drain("dc-b"), nobody);
  assert.deepEqual(apart, [
    "report would have no serving endpoint left for callers in dc-b/z1, in dc-c/z1, elsewhere (of 4 in all)",
  ]);
});

test("isolating counts the load of those inside against what is inside", () => {
  const world = worldOf(report(three), split("report", { rules: [{ to: { "dc-a": 50, "dc-b": 50 } }] }));
  const load = sends({ "dc-b/z1": 150, "dc-a/z1": 100 });
  assert.deepEqual(headroomFor(world, [], drain("dc-b", "isolate"), load).missing, [
    "report: dc-b would get 150 requests/s (60 %, as clients report), and bears 100 (1 serving, 100 each)",
  ]);
  const { warnings } = headroomFor(world, [], drain("dc-x", "isolate"), load);
  assert.deepEqual(warnings, ["report has no endpoint in dc-x: its callers there still go elsewhere"]);
});

test("what nobody knows is said, and what the split expects stands in for reports", () => {
  const unknown = headroomFor(worldOf(report(three, {})), [], drain("dc-a"), nobody);
  assert.deepEqual(unknown.missing, []);
  assert.deepEqual(unknown.warnings, [
    "report: no load reports, and no expectedRps in its split: whether what is left suffices is not known",
    "report: it says no capacity (spec.capacity.rpsPerEndpoint), so nobody knows what dc-b, dc-c can bear",
  ]);
  const rules = [{ to: { "dc-a": 50, "dc-b": 50 } }];
  const expected = worldOf(report(three), split("report", { rules, expectedRps: { "dc-a": 150 } }));
  assert.match(
    headroomFor(expected, [], drain("dc-a"), nobody).missing[0] ?? "",
    /^report: dc-b would get 150 requests\/s \(100 %, as the split's expectedRps says\), and bears 100 /,
  );
});
