import assert from "node:assert/strict";
import { test } from "node:test";
import type { Drain } from "../model/drain.ts";
import { parseLocalityPattern, patternText } from "../model/locality.ts";
import { parseServiceName } from "../model/names.ts";
import { type DrainPlan, planDrain, planUndrain, type StoredDrain } from "./plan-drain.ts";

const noon = new Date("2026-03-01T12:00:00Z");

function drain(place: string, { mode = "drain", services, minutes = 60 }: Wanted = {}): Omit<Drain, "name"> {
  const locality = parseLocalityPattern(place);
  const expireTime = new Date(noon.getTime() + minutes * 60_000);
  return {
    ...{ locality: locality.ok ? locality.value : assert.fail(place), mode, reason: "swap", by: "ana", expireTime },
    services: services?.map((name) => parseServiceName(name) ?? assert.fail(name)),
  };
}

type Wanted = { readonly mode?: Drain["mode"]; readonly services?: readonly string[]; readonly minutes?: number };

function stored(name: string, place: string, wanted: Wanted = {}, isFromFile = false): StoredDrain {
  return { drain: { ...drain(place, wanted), name }, etag: `r1-${name}`, isFromFile };
}

/** `put dc-a report until 60 if r1-dc-a`. */
function told(plan: DrainPlan): readonly string[] {
  if (plan.kind !== "edits") return [`${plan.kind}: ${plan.says}`];
  return plan.edits.map((edit) => {
    const condition = edit.expects === "absent" ? "if absent" : `if ${edit.expects.etag}`;
    if (edit.kind === "delete") return `delete ${edit.name} ${condition}`;
    const { name, locality, mode, services, expireTime } = edit.drain;
    const minutes = (expireTime.getTime() - noon.getTime()) / 60_000;
    return `put ${name}: ${mode} ${patternText(locality)} ${services?.join() ?? "*"} for ${minutes} ${condition}`;
  });
}

test("a drain of the same place and services is replaced, another stands beside it under a name of its own", () => {
  const there = [stored("dc-a", "dc-a"), stored("dc-a.report", "dc-a", { services: ["report"] })];
  assert.deepEqual(told(planDrain(there, drain("dc-a", { minutes: 90 }), noon)), [
    "put dc-a: drain dc-a * for 90 if r1-dc-a",
  ]);
  assert.deepEqual(told(planDrain(there, drain("dc-a/z1"), noon)), ["put dc-a.z1: drain dc-a/z1 * for 60 if absent"]);
  const more = [...there, stored("dc-a.z1", "dc-b")];
  assert.deepEqual(told(planDrain(more, drain("dc-a/z1"), noon)), ["put dc-a.z1-2: drain dc-a/z1 * for 60 if absent"]);
});

test("what has expired inside the place is tidied away, but for what a file says and what others drained", () => {
  const gone = { minutes: -1 };
  const there = [
    stored("old", "dc-a/z1", gone),
    stored("filed", "dc-a/z2", gone, true),
    stored("elsewhere", "dc-b", gone),
    stored("wider", "dc-a", gone),
  ];
  assert.deepEqual(told(planDrain(there, drain("dc-a", { services: ["report"] }), noon)), [
    "put dc-a.report: drain dc-a report for 60 if absent",
  ]);
  assert.deepEqual(told(planDrain(there, drain("dc-a"), noon)), [
    "put wider: drain dc-a * for 60 if r1-wider",
    "delete old if r1-old",
  ]);
});

test("a place inside a drained one is not isolated, nor drained around an isolated one", () => {
  const drained = [stored("dc-a", "dc-a")];
  assert.match(
    told(planDrain(drained, drain("dc-a/z1", { mode: "isolate" }), noon))[0] ?? "",
    /^conflict: dc-a is drained/,
  );
  const isolated = [stored("z1", "dc-a/z1", { mode: "isolate", services: ["report"] })];
  assert.match(told(planDrain(isolated, drain("dc-a"), noon))[0] ?? "", /^conflict: dc-a\/z1 is isolated/);
  assert.deepEqual(told(planDrain(isolated, drain("dc-a", { services: ["billing"] }), noon)), [
    "put dc-a.billing: drain dc-a billing for 60 if absent",
  ]);
  assert.deepEqual(told(planDrain(isolated, drain("dc-b"), noon)), ["put dc-b: drain dc-b * for 60 if absent"]);
});

test("undraining ends all of a place, or takes services out, and says what there is when there is nothing of it", () => {
  const there = [
    stored("dc-a.some", "dc-a", { services: ["billing", "report"] }),
    stored("dc-b", "dc-b"),
    stored("dc-c", "dc-c", { minutes: -1 }),
  ];
  const ended = (place: string, services?: readonly string[]) =>
    told(planUndrain(there, drain(place, { ...(services && { services }) }), noon));
  assert.deepEqual(ended("dc-a"), ["delete dc-a.some if r1-dc-a.some"]);
  assert.deepEqual(ended("dc-a", ["report"]), ["put dc-a.some: drain dc-a billing for 60 if r1-dc-a.some"]);
  assert.deepEqual(ended("dc-a", ["report", "billing"]), ["delete dc-a.some if r1-dc-a.some"]);
  assert.match(ended("dc-b", ["report"])[0] ?? "", /^conflict: drains\/dc-b is for all services/);
  assert.deepEqual(ended("dc-c"), [
    "none: dc-c is neither drained nor isolated; in force: dc-a (billing, report), dc-b (all services)",
  ]);
});
