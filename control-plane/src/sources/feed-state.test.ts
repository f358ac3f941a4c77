import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeedState, Sighting } from "./feed.ts";
import { afterSighting } from "./feed-state.ts";
import { at, endpoint, registryFeed } from "./testing.ts";

const feed = registryFeed("report");
const a = endpoint("10.0.0.1:1");
const b = endpoint("10.0.0.2:1");
const lost = new Error("connection refused");
const waiting: FeedState = { kind: "waiting", since: at(0), overdue: false };
const current: FeedState = { kind: "current", endpoints: [a, b], at: at(1), skipped: [] };
const stale: FeedState = { kind: "stale", endpoints: [a, b], at: at(1), skipped: [], since: at(2), cause: lost };
const saw = (...endpoints: (typeof a)[]): Sighting => ({ kind: "seen", endpoints, skipped: [] });
const failed = (cause: Error): Sighting => ({ kind: "failed", cause });

const table: readonly {
  readonly title: string;
  readonly before: FeedState;
  readonly sighting: Sighting;
  readonly kind: FeedState["kind"];
  readonly endpoints: number;
  readonly notes: readonly string[];
}[] = [
  {
    title: "a first answer",
    before: waiting,
    sighting: saw(a),
    kind: "current",
    endpoints: 1,
    notes: ["source-changed"],
  },
  {
    title: "a first answer that is empty",
    before: waiting,
    sighting: saw(),
    kind: "current",
    endpoints: 0,
    notes: ["source-changed"],
  },
  {
    title: "a first failure before any answer",
    before: waiting,
    sighting: failed(lost),
    kind: "waiting",
    endpoints: 0,
    notes: ["source-unseen"],
  },
  { title: "the same answer again", before: current, sighting: saw(a, b), kind: "current", endpoints: 2, notes: [] },
  {
    title: "the same answer in another order",
    before: current,
    sighting: saw(b, a),
    kind: "current",
    endpoints: 2,
    notes: [],
  },
  {
    title: "an answer with one less",
    before: current,
    sighting: saw(b),
    kind: "current",
    endpoints: 1,
    notes: ["source-changed"],
  },
  { title: "a failure", before: current, sighting: failed(lost), kind: "stale", endpoints: 2, notes: ["source-lost"] },
  {
    title: "a further failure",
    before: stale,
    sighting: failed(new Error("timeout")),
    kind: "stale",
    endpoints: 2,
    notes: [],
  },
  {
    title: "the same answer after failures",
    before: stale,
    sighting: saw(a, b),
    kind: "current",
    endpoints: 2,
    notes: ["source-back"],
  },
  {
    title: "another answer after failures",
    before: stale,
    sighting: saw(a),
    kind: "current",
    endpoints: 1,
    notes: ["source-back", "source-changed"],
  },
];

for (const { title, before, sighting, kind, endpoints, notes } of table) {
  test(`${title}: ${before.kind} becomes ${kind} with ${endpoints} endpoints`, () => {
    const after = afterSighting(feed, before, sighting, at(9));
    assert.equal(after.state.kind, kind);
    assert.equal(after.state.kind === "waiting" ? 0 : after.state.endpoints.length, endpoints);
    assert.deepEqual(
      after.notes.map((note) => note.kind),
      notes,
    );
  });
}

test("an answer with equal content keeps the very same list and objects", () => {
  const again = [endpoint("10.0.0.2:1"), endpoint("10.0.0.1:1")];
  const { state } = afterSighting(feed, current, { kind: "seen", endpoints: again, skipped: [] }, at(9));
  assert.equal(state.kind === "current" && state.endpoints, current.endpoints);
});

test("an endpoint that did not change stays the very same object when its neighbour does", () => {
  const again = [endpoint("10.0.0.1:1"), endpoint("10.0.0.2:1", { weight: 7 })];
  const { state } = afterSighting(feed, current, { kind: "seen", endpoints: again, skipped: [] }, at(9));
  assert.ok(state.kind === "current");
  assert.equal(state.endpoints[0], a);
  assert.equal(state.endpoints[1]?.weight, 7);
});

test("each field of an endpoint counts as a change", () => {
  for (const change of [
    { weight: 1 },
    { health: "failing" as const },
    { metadata: { version: "v2" } },
    { locality: { region: "dc-b", zone: "", subZone: "" } },
  ]) {
    const { state } = afterSighting(feed, current, saw(endpoint("10.0.0.1:1", change), b), at(9));
    assert.notEqual(state.kind === "current" && state.endpoints, current.endpoints, JSON.stringify(change));
  }
});

test("a stale feed keeps since when it is lost, and tells the newest cause", () => {
  const timeout = new Error("timeout");
  const { state } = afterSighting(feed, stale, failed(timeout), at(9));
  assert.ok(state.kind === "stale");
  assert.deepEqual([state.since, state.at, state.cause], [at(2), at(1), timeout]);
});

test("entries that are skipped are told once, and once more when they are gone", () => {
  const skipped = [{ at: "node-1/report-1", says: "has no port" }];
  const first = afterSighting(feed, current, { kind: "seen", endpoints: [a, b], skipped }, at(2));
  const second = afterSighting(feed, first.state, { kind: "seen", endpoints: [a, b], skipped: [...skipped] }, at(3));
  const third = afterSighting(feed, second.state, saw(a, b), at(4));
  assert.deepEqual(
    [first, second, third].map(({ notes }) => notes.map((note) => note.kind)),
    [["source-skipped"], [], ["source-skipped"]],
  );
});
