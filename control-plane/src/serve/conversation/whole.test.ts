import assert from "node:assert/strict";
import { test } from "node:test";
import { nameList } from "../wire/name-lists.ts";
import { ack, ask, converse, stepOf, world } from "./converse.ts";
import { wholeFor } from "./whole.ts";

const names = Array.from({ length: 40 }, (_, index) => `a${index}`);
const worldOf = (version: string) => ({ endpoints: Object.fromEntries(names.map((name) => [name, version])) });
const first = stepOf(worldOf("v1"), undefined).snapshot;

test("all who want the same many names are given the same whole, until the snapshot changes", () => {
  const [one, other] = [nameList([...names, "b"]), nameList(["b", ...names])];
  const whole = wholeFor({ type: "endpoints", wildcard: false, names: one }, first);
  assert.equal(wholeFor({ type: "endpoints", wildcard: false, names: other }, first), whole);
  assert.equal(whole.resources.length, 40);
  assert.deepEqual(whole.missing, ["b"]);
  const later = stepOf(worldOf("v2"), undefined).snapshot;
  assert.equal(wholeFor({ type: "endpoints", wildcard: false, names: one }, later).resources[0]?.version, "v2");
});

test("the wildcard is everything, and names beside it that do not exist are missing", () => {
  const all = wholeFor({ type: "endpoints", wildcard: true, names: nameList(["a1", "b"]) }, first);
  assert.equal(all.resources.length, 40);
  assert.deepEqual(all.missing, ["b"]);
  assert.equal(all.sum, first.sums.endpoints);
});

for (const variant of ["sotw", "delta"] as const) {
  test(`what a new client may not be sent yet is sent when it may be (${variant})`, () => {
    const sent = converse(variant, [
      world({ cluster: { a: "v1" }, listener: { l: "v1" } }),
      ask("cluster"),
      ask("listener"),
      ack("cluster"),
      world({ cluster: { a: "v1" }, listener: { l: "v2" } }),
      ack("listener"),
    ]);
    assert.deepEqual(sent, ["cluster +a@v1", "listener +l@v1", "listener +l@v2"]);
  });

  test(`what is gone before a new client could be sent it is not sent (${variant})`, () => {
    const sent = converse(variant, [
      world({ cluster: { a: "v1" }, routes: { r: "v1", s: "v1" } }),
      ask("cluster"),
      ask("routes", ["r", "s"]),
      world({ cluster: { a: "v1" }, routes: { s: "v1" } }),
      ack("cluster"),
    ]);
    assert.equal(sent.length, 2);
    assert.match(sent[1] ?? "", /^routes \+s@v1/);
  });
}
