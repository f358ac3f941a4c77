import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServiceName, type ServiceName } from "../model/names.ts";
import type { Service } from "../model/service.ts";
import { type Merged, nothingMerged } from "./merge.ts";
import { serviceNotes } from "./service-notes.ts";

const report = parseServiceName("report") as ServiceName;
const demand = { feeds: new Map(), parts: new Map(), problems: new Map() };
const withheld: Merged = { ...nothingMerged, withheld: new Map([[report, ["consul/dc-a/report"]]]) };
const served = new Map([[report, {} as Service]]);
const incomplete: Merged = {
  ...nothingMerged,
  catalog: served,
  incomplete: new Map([[report, ["consul/dc-a/report"]]]),
};
const whole: Merged = { ...nothingMerged, catalog: served };
const kinds = (before: Merged | undefined, merged: Merged) =>
  serviceNotes(before && { demand, merged: before }, { demand, merged }).map(({ kind }) => kind);

test("a service is told of when it becomes withheld, incomplete or complete, and not again", () => {
  assert.deepEqual(kinds(undefined, withheld), ["service-withheld"]);
  assert.deepEqual(kinds(withheld, withheld), []);
  assert.deepEqual(kinds(withheld, incomplete), ["service-incomplete"]);
  assert.deepEqual(kinds(incomplete, whole), ["service-complete"]);
  assert.deepEqual(kinds(whole, whole), []);
  assert.deepEqual(kinds(undefined, whole), []);
});

test("a document that names what no source can give is told of with each change of what is demanded", () => {
  const problems = new Map([
    [report, [{ at: "spec.endpoints[0].consul", says: "no Consul data center is configured" }]],
  ]);
  const now = { demand: { ...demand, problems }, merged: withheld };
  assert.deepEqual(
    serviceNotes(undefined, now).map(({ kind }) => kind),
    ["service-unsupplied", "service-withheld"],
  );
  assert.deepEqual(serviceNotes(now, now), []);
});
