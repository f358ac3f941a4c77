import assert from "node:assert/strict";
import { test } from "node:test";
import { createLatest } from "../lib/latest.ts";
import type { Feed, FeedKey, FeedStates, Sighting, SourceNote } from "./feed.ts";
import { followFeeds } from "./follow-feeds.ts";
import { endpoint, registryFeed } from "./testing.ts";

const a = endpoint("10.0.0.1:1");
const b = endpoint("10.0.0.2:1");
const saw = (...endpoints: (typeof a)[]): Sighting => ({ kind: "seen", endpoints, skipped: [] });
const demanding = (...services: readonly string[]): ReadonlyMap<FeedKey, Feed> =>
  new Map(services.map(registryFeed).map((feed) => [feed.key, feed]));

/** A source whose answers the test gives, and what was made of them. */
function following({ maxWaitMs = 60_000 }: { readonly maxWaitMs?: number } = {}) {
  const stop = new AbortController();
  const demand = createLatest<ReadonlyMap<FeedKey, Feed>>();
  const watched = new Map<FeedKey, { say(next: Sighting | Error): void; ended: boolean }>();
  const notes: SourceNote["kind"][] = [];
  let published = 0;

  async function* watch(feed: Feed, signal: AbortSignal): AsyncGenerator<Sighting> {
    const said: (Sighting | Error)[] = [];
    let wake = () => {};
    const self = {
      ended: false,
      say(next: Sighting | Error) {
        said.push(next);
        wake();
      },
    };
    watched.set(feed.key, self);
    signal.addEventListener("abort", () => wake());
    try {
      while (!signal.aborted) {
        const next = said.shift();
        if (next instanceof Error) throw next;
        if (next) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      self.ended = true;
    }
  }

  const states = followFeeds(
    {
      demand,
      watch: { file: watch, registry: watch, consul: watch, kubernetes: watch },
      observe: (note) => notes.push(note.kind),
      now: () => new Date(0),
      maxWaitMs,
      random: () => 0,
    },
    stop.signal,
  );
  return {
    demand,
    states,
    notes,
    watched,
    published: () => published,
    /** Waits until the published states satisfy the condition. */
    async until(condition: (states: FeedStates) => boolean): Promise<FeedStates> {
      for await (const each of states.changes(stop.signal)) {
        published++;
        if (condition(each)) return each;
      }
      throw new Error("ended");
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}

const kindsOf = (states: FeedStates) => [...states].map(([key, { state }]) => `${key} ${state.kind}`);
const isKind = (kind: string) => (states: FeedStates) => [...states.values()].every(({ state }) => state.kind === kind);
const size = (count: number) => (states: FeedStates) => states.size === count;

test("each feed that is demanded is watched, and waits until it has spoken", async () => {
  using it = following();
  it.demand.set(demanding("report", "result"));
  const states = await it.until(size(2));
  assert.deepEqual(kindsOf(states), ["registry/report waiting", "registry/result waiting"]);
});

test("what a failing feed knew last stays", async () => {
  using it = following();
  it.demand.set(demanding("report"));
  await it.until(size(1));
  it.watched.get("registry/report")?.say(saw(a, b));
  await it.until(isKind("current"));
  it.watched.get("registry/report")?.say({ kind: "failed", cause: new Error("connection refused") });
  const [one] = (await it.until(isKind("stale"))).values();
  assert.deepEqual(one?.state.kind === "stale" && one.state.endpoints, [a, b]);
  assert.deepEqual(it.notes, ["source-changed", "source-lost"]);
});

test("a watch that throws is told as broken, keeps what it knew, and is started again", async () => {
  using it = following();
  it.demand.set(demanding("report"));
  await it.until(size(1));
  it.watched.get("registry/report")?.say(saw(a));
  await it.until(isKind("current"));
  const first = it.watched.get("registry/report");
  first?.say(new Error("a bug"));
  await it.until(isKind("stale"));
  while (it.watched.get("registry/report") === first) await new Promise(setImmediate);
  it.watched.get("registry/report")?.say(saw(a));
  await it.until(isKind("current"));
  assert.deepEqual(it.notes, ["source-changed", "source-watch-broken", "source-lost", "source-back"]);
});

test("a feed that is demanded no longer is ended and forgotten, the others are not disturbed", async () => {
  using it = following();
  it.demand.set(demanding("report", "result"));
  await it.until(size(2));
  const kept = it.watched.get("registry/result");
  it.demand.set(demanding("result"));
  assert.deepEqual(kindsOf(await it.until(size(1))), ["registry/result waiting"]);
  await new Promise(setImmediate);
  assert.equal(it.watched.get("registry/report")?.ended, true);
  assert.equal(it.watched.get("registry/result"), kept);
});

test("a burst is published once, as its newest state", async () => {
  using it = following();
  it.demand.set(demanding("report"));
  await it.until(size(1));
  const before = it.published();
  for (let weight = 1; weight <= 50; weight++)
    it.watched.get("registry/report")?.say(saw(endpoint("10.0.0.1:1", { weight })));
  const newest = (states: FeedStates) => {
    const state = states.get("registry/report")?.state;
    return state?.kind === "current" && state.endpoints[0]?.weight === 50;
  };
  await it.until(newest);
  assert.ok(it.published() - before <= 2, `published ${it.published() - before} times`);
});

test("a source that repeats itself is not published each time, but what it changes then is at once", async () => {
  using it = following();
  it.demand.set(demanding("report"));
  await it.until(size(1));
  const report = it.watched.get("registry/report");
  report?.say(saw(a));
  await it.until(isKind("current"));
  const published = it.states.current();
  for (let turn = 0; turn < 20; turn++) {
    report?.say(saw(endpoint("10.0.0.1:1")));
    await new Promise(setImmediate);
  }
  assert.equal(it.states.current(), published);
  report?.say({ kind: "failed", cause: new Error("connection refused") });
  await it.until(isKind("stale"));
});

test("a feed that stays silent becomes overdue", async () => {
  using it = following({ maxWaitMs: 1 });
  it.demand.set(demanding("report"));
  const overdue = (states: FeedStates) => {
    const state = states.get("registry/report")?.state;
    return state?.kind === "waiting" && state.overdue;
  };
  await it.until(overdue);
});

test("the end of the signal ends every watch", async () => {
  const it = following();
  it.demand.set(demanding("report", "result"));
  await it.until(size(2));
  it[Symbol.dispose]();
  while (![...it.watched.values()].every(({ ended }) => ended)) await new Promise(setImmediate);
});
