import assert from "node:assert/strict";
import { test } from "node:test";
import { changedList, isShared, nameList } from "../wire/name-lists.ts";

const thousand = Array.from({ length: 1_000 }, (_, index) => `n${index}`);

test("a list that is changed a little says what a list made anew would say", () => {
  let list = nameList(thousand);
  const expected = new Set(thousand);
  for (let index = 0; index < 2_000; index++) {
    const [add, drop] = [[`n${(index * 7) % 1_500}`], [`n${(index * 13) % 1_200}`]];
    list = changedList(list, { add, drop });
    for (const name of drop) expected.delete(name);
    for (const name of add) expected.add(name);
    assert.equal(list.size, expected.size);
  }
  assert.deepEqual([...list.values()].toSorted(), [...expected].toSorted());
  for (const name of ["n0", "n7", "n1499", "n1500"]) assert.equal(list.has(name), expected.has(name), name);
});

test("the list that others hold stays as it was, and the changed one is nobody else's", () => {
  const list = nameList(thousand);
  const changed = changedList(list, { add: ["more"], drop: ["n1"] });
  assert.deepEqual([list.has("more"), list.has("n1"), list.size, isShared(list)], [false, true, 1_000, true]);
  assert.deepEqual(
    [changed.has("more"), changed.has("n1"), changed.size, isShared(changed)],
    [true, false, 1_000, false],
  );
});

test("a list that has changed a lot is a list like others again, found by whoever asks for the same", () => {
  const names = [...thousand];
  let list = nameList(names);
  do {
    names.push(`more-${names.length}`);
    list = changedList(list, { add: names.slice(-1) });
  } while (!isShared(list));
  assert.ok(names.length < 1_400, `${names.length} names`);
  assert.equal(list, nameList(names.toReversed()));
});
