import assert from "node:assert/strict";
import { test } from "node:test";
import { lossesToHold } from "./losses.ts";

/** `a1`, `b2`: the letter is the region. */
const places = (...names: readonly string[]) => new Map(names.map((name) => [name, name.slice(0, 1)]));

for (const { title, present, missing, held = [], recent = [], why } of [
  { title: "nothing missing", present: ["a1"], missing: [], why: {} },
  { title: "one of two", present: ["a1", "a2"], missing: ["a1"], why: {} },
  { title: "the only one", present: ["a1"], missing: ["a1"], why: { a1: "last" } },
  { title: "the only one of a region, others elsewhere", present: ["a1", "b1"], missing: ["b1"], why: {} },
  { title: "half of a service", present: ["a1", "a2", "b1", "b2"], missing: ["a1", "b1"], why: {} },
  {
    title: "all of a region, half of a service",
    present: ["a1", "a2", "b1", "b2"],
    missing: ["b1", "b2"],
    why: { b1: "data-center", b2: "data-center" },
  },
  {
    title: "most of a region, and one elsewhere that may go",
    present: ["a1", "a2", "a3", "a4", "a5", "a6", "b1", "b2", "b3"],
    missing: ["a1", "b1", "b2"],
    why: { b1: "most-of-data-center", b2: "most-of-data-center" },
  },
  {
    title: "most of a service",
    present: ["a1", "a2", "b1", "c1"],
    missing: ["a1", "b1", "c1"],
    why: { a1: "most", b1: "most", c1: "most" },
  },
  {
    title: "one more, after half of them went",
    present: ["a1", "a2"],
    missing: ["a1"],
    recent: ["a3", "a4"],
    why: { a1: "most" },
  },
  {
    title: "one more, while others are held back",
    present: ["a1", "a2", "a3", "a4"],
    missing: ["a4"],
    held: ["a1", "a2"],
    why: { a4: "most" },
  },
  {
    title: "the last that is not held back",
    present: ["a1", "a2"],
    missing: ["a2"],
    held: ["a1"],
    why: { a2: "last" },
  },
] as const) {
  const words = Object.entries(why).map(([address, each]) => `${address} is held back (${each})`);
  test(`${title}: ${words.length === 0 ? "is believed" : words.join(", ")}`, () => {
    const verdict = lossesToHold(
      { present: places(...present), missing: new Set(missing), held: new Set(held), recent: places(...recent) },
      50,
    );
    assert.deepEqual(Object.fromEntries(verdict), why);
  });
}

test("with a limit of 100 percent only the last one is held back", () => {
  const all = places("a1", "a2", "a3");
  const none = { held: new Set<string>(), recent: places() };
  assert.equal(lossesToHold({ present: all, missing: new Set(["a1", "a2"]), ...none }, 100).size, 0);
  assert.equal(lossesToHold({ present: all, missing: new Set(["a1", "a2", "a3"]), ...none }, 100).size, 3);
});
