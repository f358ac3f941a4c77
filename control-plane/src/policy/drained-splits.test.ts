import assert from "node:assert/strict";
import { test } from "node:test";
import { patternText } from "../model/locality.ts";
import { parseDocument } from "./documents/parse-document.ts";
import { bookOf, service, split } from "./testing.ts";
import { nextExpiry, worldParts } from "./world-parts.ts";

const at = (time: string) => new Date(`2026-03-01T${time}:00Z`);
const drain = (name: string, expireTime: string, spec: Record<string, unknown> = {}) => ({
  apiVersion: "weir/v1alpha1",
  kind: "Drain",
  metadata: { name },
  spec: { locality: name, reason: "swap", by: "ana", expireTime: at(expireTime).toISOString(), ...spec },
});

/** `report: dc-a 0` of every override at a time. */
function inForce(book: ReturnType<typeof bookOf>, time: string): readonly string[] {
  return [...worldParts(book, at(time)).splits].flatMap(([name, { overrides }]) =>
    overrides.map(({ locality, weight, isolates }) =>
      [`${name}: ${patternText(locality)} ${weight}`, ...(isolates ? ["isolated"] : [])].join(" "),
    ),
  );
}

test("a drain of all services is an override of each, split or none, until it expires", () => {
  const book = bookOf([service("report"), service("billing"), split("report"), drain("dc-a", "13:00")]);
  assert.deepEqual(inForce(book, "12:59"), ["report: dc-a 0", "billing: dc-a 0"]);
  assert.deepEqual(nextExpiry(book, at("12:00")), at("13:00"));
  assert.deepEqual(inForce(book, "13:00"), []);
  assert.equal(nextExpiry(book, at("13:00")), undefined);
});

test("a drain of named services leaves the others as they are, and one that isolates says so", () => {
  const some = { services: ["billing", "gone"], mode: "Isolate" };
  const book = bookOf([service("report"), service("billing"), split("report"), drain("dc-b", "13:00", some)]);
  assert.deepEqual(inForce(book, "12:00"), ["billing: dc-b 0 isolated"]);
});

test("as long as no drain expires or changes the splits are the very same objects", () => {
  const documents = [service("report"), service("billing"), split("report"), drain("dc-a", "13:00")];
  const book = bookOf(documents);
  const [first, second] = [worldParts(book, at("12:10")).splits, worldParts(book, at("12:20")).splits];
  assert.equal(first, second);
  const more = bookOf([...documents, drain("dc-b", "12:30", { services: ["report"] })], book);
  const then = worldParts(more, at("12:20")).splits;
  const named = (name: string) => [...book.services.keys()].find((each) => each === name) ?? assert.fail(name);
  assert.equal(then.get(named("billing")), first.get(named("billing")));
  assert.notEqual(then.get(named("report")), first.get(named("report")));
  assert.deepEqual(inForce(more, "12:30"), ["report: dc-a 0", "billing: dc-a 0"]);
});

test("a drain has to name a place, a reason and an end within 14 days", () => {
  const wrong = parseDocument(drain("x", "13:00", { locality: "*", reason: " ", expireTime: "2026-04-01T00:00:00Z" }), {
    now: at("12:00"),
  });
  assert.deepEqual(wrong.ok ? [] : wrong.problems.map(({ at }) => at), [
    "spec.locality",
    "spec.reason",
    "spec.expireTime",
  ]);
});
