import assert from "node:assert/strict";
import { test } from "node:test";
import { bookOf, policy, service, split } from "./testing.ts";
import { nextExpiry, worldParts } from "./world-parts.ts";

const override = (locality: string, expireTime: string) => ({
  locality,
  weight: 0,
  reason: "x",
  by: "ana",
  expireTime,
});
const documents = [
  service("report"),
  service("billing"),
  policy("report", { panicThreshold: 5 }),
  split("billing"),
  split("report", { overrides: [override("dc-a", "2026-03-01T13:00:00Z"), override("dc-b", "2026-03-01T12:30:00Z")] }),
];
const at = (time: string) => new Date(`2026-03-01T${time}:00Z`);

test("an override is in force until it expires, and the next one to expire is known", () => {
  const book = bookOf(documents);
  const inForce = (time: string) =>
    [...worldParts(book, at(time)).splits.values()].flatMap(({ overrides }) =>
      overrides.map((each) => each.locality.region),
    );
  assert.deepEqual(inForce("12:00"), ["dc-a", "dc-b"]);
  assert.deepEqual(inForce("12:30"), ["dc-a"]);
  assert.deepEqual(inForce("13:00"), []);
  assert.deepEqual(nextExpiry(book, at("12:00")), at("12:30"));
  assert.deepEqual(nextExpiry(book, at("12:30")), at("13:00"));
  assert.equal(nextExpiry(book, at("13:00")), undefined);
});

test("as long as nothing expires the parts are the very same objects", () => {
  const book = bookOf(documents);
  const [first, second] = [worldParts(book, at("12:40")), worldParts(book, at("12:50"))];
  assert.equal(first.splits, second.splits);
  assert.equal(first.policies, second.policies);
  const later = worldParts(book, at("13:10"));
  assert.notEqual(later.splits, first.splits);
  assert.equal(later.splits.get(documentName("billing")), first.splits.get(documentName("billing")));
});

test("a change of one split leaves the others' objects, expired overrides or not", () => {
  const book = bookOf(documents);
  const changed = documents.with(3, split("billing", { rules: [{ to: { "dc-a": 100 } }] }));
  const before = worldParts(book, at("12:40"));
  const after = worldParts(bookOf(changed, book), at("12:40"));
  assert.notEqual(after.splits.get(documentName("billing")), before.splits.get(documentName("billing")));
  assert.equal(after.splits.get(documentName("report")), before.splits.get(documentName("report")));
  assert.equal(after.policies, before.policies);
});

function documentName(name: string) {
  const found = [...bookOf(documents).services.keys()].find((each) => each === name);
  return found ?? assert.fail(`no service ${name}`);
}
