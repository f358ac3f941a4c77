import assert from "node:assert/strict";
import { test } from "node:test";
import type { Splits } from "./answers.ts";
import { documentOf, filledUp, isChanged, newDraft, sumOf, whyNotPlanned, withShare } from "./split-draft.ts";

const splits: Splits = {
  revision: 4,
  trafficSplits: [
    {
      apiVersion: "weir/v1alpha1",
      kind: "TrafficSplit",
      metadata: { name: "report" },
      spec: {
        service: "report",
        rules: [
          { from: "dc-a/*", to: { "dc-a": 80, "dc-b": 20 }, failover: ["dc-c"] },
          { from: "*", prefer: "nearest" },
        ],
      },
    },
  ],
  stored: [
    { name: "report", etag: "r4-aa", revision: 4, origin: { kind: "api" }, changed: { at: "", by: "ana", reason: "" } },
  ],
};

test("a draft begins with what is in force, and with which content that is", () => {
  const draft = newDraft(splits, "report", "dc-a");
  assert.deepEqual([draft.shares, draft.etag], [{ "dc-a": 80, "dc-b": 20 }, "r4-aa"]);
  assert.equal(whyNotPlanned(draft), "nothing is changed yet");
  assert.deepEqual(newDraft(splits, "report", "*").shares, {});
  assert.equal(newDraft(splits, "other", "*").etag, undefined);
});

test("shares that do not add up to 100 are not planned; what is missing goes to the others in their proportions", () => {
  const draft = withShare(withShare(newDraft(splits, "report", "dc-a"), "dc-a", 50), "dc-c", 10);
  assert.equal(whyNotPlanned(draft), "the shares add up to 80, not 100");
  const filled = filledUp(draft, "dc-a");
  assert.deepEqual(filled.shares, { "dc-a": 50, "dc-b": 33, "dc-c": 17 });
  assert.equal(whyNotPlanned(filled), undefined);
});

test("filling up never gives less than nothing, and always 100 together", () => {
  for (const kept of [0, 1, 33.3, 50, 98, 99, 100]) {
    let draft = newDraft(splits, "report", "*");
    for (const place of ["a", "b", "c", "d"]) draft = withShare(draft, place, 25);
    const filled = filledUp(withShare(draft, "a", kept), "a");
    assert.equal(sumOf(filled), 100, `with ${kept}`);
    assert.ok(Object.values(filled.shares).every((share) => share >= 0));
  }
});

test("a place that got nothing and had nothing is no part of the rule; back where it was is no change", () => {
  const draft = newDraft(splits, "report", "dc-a");
  const tried = withShare(withShare(draft, "dc-c", 5), "dc-c", 0);
  assert.deepEqual(tried.shares, draft.shares);
  assert.equal(isChanged(tried), false);
});

test("the document keeps all else, and what gets a share is nothing to fail over to", () => {
  const draft = { ...newDraft(splits, "report", "dc-a"), shares: { "dc-a": 60, "dc-c": 40 } };
  assert.deepEqual(documentOf(draft).spec.rules, [
    { from: "dc-a/*", to: { "dc-a": 60, "dc-c": 40 } },
    { from: "*", prefer: "nearest" },
  ]);
});
