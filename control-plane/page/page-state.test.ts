import assert from "node:assert/strict";
import { test } from "node:test";
import type { Overview, TrafficRow } from "./answers.ts";
import type { RevisionDetail } from "./opened-revision.ts";
import { callersShown, draftShown, firstPageState, type PageState, serviceShown, stepPage } from "./page-state.ts";
import { withShare } from "./split-draft.ts";

test("the first service and its first callers are shown unless the address names others that there are", () => {
  assert.equal(serviceShown(state()), "billing");
  assert.equal(serviceShown({ ...state(), address: { view: "traffic", service: "gone" } }), "billing");
  const report = { ...state(), address: { view: "traffic", service: "report", from: "dc-b" } } as const;
  assert.deepEqual([serviceShown(report), callersShown(report, "report")], ["report", "dc-b"]);
  assert.equal(callersShown(state(), "report"), "dc-a");
});

test("an edit outlives new numbers and other views, and not another service", () => {
  const draft = draftShown(state());
  assert.ok(draft);
  const edited = stepPage(state(), { kind: "drafted", draft: withShare(draft, "dc-a", 40) });
  const heard = stepPage(edited, { kind: "heard", overview, at: 9 });
  const back = stepPage(stepPage(heard, { kind: "went", address: { view: "clients" } }), {
    kind: "went",
    address: { view: "traffic" },
  });
  assert.equal(back.draft?.shares["dc-a"], 40);
  assert.equal(stepPage(back, { kind: "went", address: { view: "traffic", service: "report" } }).draft, undefined);
});

test("what a revision changed comes beside the reason that is being written, and not to another revision", () => {
  const went = stepPage(state(), { kind: "went", address: { view: "changes", revision: 3 } });
  assert.ok(went.opened);
  const writing = stepPage(went, { kind: "opened", opened: { ...went.opened, reason: "odd" } });
  const detail = { revision: 3, changes: [] } as unknown as RevisionDetail;
  const { opened } = stepPage(writing, { kind: "detailed", detail });
  assert.deepEqual([opened?.reason, opened?.detail], ["odd", detail]);
  const elsewhere = stepPage(writing, { kind: "went", address: { view: "changes", revision: 2 } });
  assert.equal(stepPage(elsewhere, { kind: "detailed", detail }).opened?.detail, undefined);
});

test("a server that asks who one is is not one that is gone, and what it said before is forgotten with its answer", () => {
  const asked = stepPage(state(), { kind: "failed", why: "say who you are", asksWho: true, at: 5 });
  assert.equal(asked.asksWho, true);
  assert.equal(stepPage(asked, { kind: "heard", overview, at: 6 }).asksWho, false);
});

function row(service: string, from: string): TrafficRow {
  return { service, from, to: "dc-a", use: "share", priority: 0, endpoints: { serving: 1, total: 1 } };
}

const overview = {
  traffic: { rows: [row("report", "dc-a"), row("report", "dc-b"), row("billing", "*")] },
  splits: { revision: 1, trafficSplits: [], stored: [] },
} as unknown as Overview;

function state(): PageState {
  const first = firstPageState({ address: { view: "traffic" }, now: 1, width: 1_000, isMoving: true });
  return { ...first, live: { kind: "current", overview, at: 1 } };
}
