import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../../lib/parsed.ts";
import { pathText } from "./path-text.ts";
import { pathOfText, placeProblems } from "./place-problems.ts";
import { readYaml } from "./yaml-values.ts";

test("the text of a path leads back to the path", () => {
  for (const path of [[], ["spec"], ["spec", "rules", 0, "to", "dc-a"], ["a", "dc-a/z1", 'q"uo.te[0]', 3]])
    assert.deepEqual(pathOfText(pathText(path)), path);
});

const text = "kind: A\nspec:\n  to: {dc-a/z1: 5}\n---\nkind: B\nspec: {weight: 1}\n";

test("a problem of a document of a list is told at its line", () => {
  const { values } = readYaml(text, "all.yaml");
  const problems = [
    { at: "documents[1].spec.weight", says: "is wrong" },
    { at: 'documents[0].spec.to["dc-a/z1"]', says: "is wrong" },
    { at: "documents[1]", says: "is there twice" },
    { at: "reason", says: "is too long" },
  ];
  assert.deepEqual(placeProblems(problems, values).map(problemText), [
    "all.yaml:6:16 spec.weight: is wrong",
    'all.yaml:3:17 spec.to["dc-a/z1"]: is wrong',
    "all.yaml:5:1 is there twice",
    "reason: is too long",
  ]);
});

test("a single document needs no number", () => {
  const { values } = readYaml("spec: {weight: 1}\n", "one.yaml");
  assert.deepEqual(placeProblems([{ at: "spec.weight", says: "is wrong" }], values).map(problemText), [
    "one.yaml:1:16 spec.weight: is wrong",
  ]);
});
