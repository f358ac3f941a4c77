import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeedState, FeedStates } from "./feed.ts";
import { gate } from "./gate.ts";
import { at, registryFeed } from "./testing.ts";

const current: FeedState = { kind: "current", endpoints: [], at: at(1), skipped: [] };
const stale: FeedState = { ...current, kind: "stale", since: at(2), cause: new Error("connection refused") };
const waiting: FeedState = { kind: "waiting", since: at(0), overdue: false };
const overdue: FeedState = { kind: "waiting", since: at(0), overdue: true };

const table: readonly [string, readonly (FeedState | undefined)[], "hold" | "serve", readonly number[]][] = [
  ["nothing is demanded", [], "serve", []],
  ["every feed has spoken", [current, current], "serve", []],
  ["one has spoken and failed since", [current, stale], "serve", []],
  ["one has not spoken yet", [current, waiting], "hold", [1]],
  ["one is not followed yet", [current, undefined], "hold", [1]],
  ["one is overdue", [current, overdue], "serve", [1]],
  ["one is overdue, another still waited for", [current, overdue, waiting], "hold", [1, 2]],
  ["all are overdue: nothing is known", [overdue, overdue], "hold", [0, 1]],
];

for (const [title, given, kind, missing] of table) {
  test(`${kind} when ${title}`, () => {
    const feeds = given.map((_, index) => registryFeed(`s${index}`));
    const states: FeedStates = new Map(
      feeds.flatMap((feed, index) => {
        const state = given[index];
        return state ? [[feed.key, { feed, state }] as const] : [];
      }),
    );
    const answer = gate(new Map(feeds.map((feed) => [feed.key, feed])), states);
    assert.equal(answer.kind, kind);
    assert.deepEqual(
      answer.kind === "hold" ? answer.waitingFor : answer.missing,
      missing.map((index) => `registry/s${index}`),
    );
  });
}
