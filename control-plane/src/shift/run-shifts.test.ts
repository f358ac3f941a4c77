import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createSharedPolicyStore } from "../policy/shared/shared-policy-store.ts";
import { change, put, service, split, temporaryDirectory } from "../policy/testing.ts";
import { createMemoryKv } from "../store/memory-kv.ts";
import { beginShift, type SplitJson } from "./edit-shift.ts";
import type { GuardLoad } from "./judge.ts";
import { type AskMetric, runShifts, type ShiftNote } from "./run-shifts.ts";

const there = (region: string) => ({ region, zone: "z1", subZone: "" });
const bad: GuardLoad = { from: there("dc-a"), to: there("dc-b"), ok: 50, error: 50 };
const now = () => new Date();

/** Three replicas over one store, each of which looks after the shifts. */
async function replicas(seen: { loads: readonly GuardLoad[] }, ask?: AskMetric) {
  const kv = createMemoryKv();
  const place = await temporaryDirectory();
  const stop = new AbortController();
  const notes: ShiftNote[] = [];
  const stores = await Promise.all(
    ["a", "b", "c"].map((name) =>
      createSharedPolicyStore({
        ...{ kv, prefix: "weir", dir: join(place.dir, name), observe: () => undefined, now },
        monotonicMs: () => performance.now(),
      }),
    ),
  );
  for (const policies of stores)
    runShifts(
      {
        ...{ policies, books: policies.books, loads: () => seen.loads, ask, now },
        observe: (note) => void notes.push(note),
      },
      stop.signal,
    );
  const [first] = stores;
  assert.ok(first);
  return {
    ...{ kv, stores, notes },
    async begin(steps: unknown, guard?: unknown) {
      const document = split("report", { rules: [{ from: "*", to: { "dc-a": 80, "dc-b": 20 } }] });
      assert.equal((await first.change(change(put(service("report")), put(document)))).kind, "done");
      const target = { "dc-a": 20, "dc-b": 80 };
      const author = { name: "shift-1", now: now(), by: "ana", reason: "" };
      const begun = beginShift(document as unknown as SplitJson, { from: "*", target, steps, guard }, author);
      assert.ok(begun.ok);
      const outcome = await first.change(change(put(begun.value)));
      assert.equal(outcome.kind, "done", JSON.stringify(outcome));
    },
    async ended() {
      const end = performance.now() + 20_000;
      const shifts = () => stores.map((each) => [...(each.books.current()?.splits.values() ?? [])][0]?.shift);
      while (!shifts().every((each) => each?.ended)) {
        assert.ok(performance.now() < end, `not ended: ${JSON.stringify(shifts())}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const shift = shifts()[0];
      assert.ok(shift?.ended);
      return { ...shift, ended: shift.ended, revision: first.books.current()?.revision };
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      for (const each of stores) await each[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

const guarded = (metrics: readonly unknown[]) => ({ interval: "1s", failureLimit: 2, metrics });
const errorRate = { name: "error-rate", source: "load-report", max: 0.01 };
const long = [{ setWeight: 50 }, { pause: "1h" }, { setWeight: 100 }];

test("of three replicas that look after a shift one writes its end", async () => {
  await using weir = await replicas({ loads: [] });
  await weir.begin([{ setWeight: 20 }, { pause: "150ms" }, { setWeight: 60 }, { pause: "150ms" }, { setWeight: 100 }]);
  const { ended, revision } = await weir.ended();
  // r1 has the documents, r2 the shift.
  assert.deepEqual([ended.outcome, revision], ["succeeded", 3]);
  assert.deepEqual(weir.notes, []);
});

test("of three replicas that see the same failures each verdict is written once, and the shift is taken back once", async () => {
  await using weir = await replicas({ loads: [bad] });
  await weir.begin(long, guarded([errorRate]));
  const { ended, revision, failures } = await weir.ended();
  assert.deepEqual([ended.outcome, revision], ["rolledBack", 4]);
  assert.deepEqual(
    failures.map(({ interval }) => interval),
    [0, 1],
  );
});

test("a verdict that could not be written is written when the store is back", async () => {
  const seen: { loads: readonly GuardLoad[] } = { loads: [] };
  await using weir = await replicas(seen);
  await weir.begin(long, guarded([errorRate]));
  weir.kv.fail("away");
  seen.loads = [bad];
  const end = performance.now() + 10_000;
  while (!weir.notes.some(({ kind }) => kind === "shift-unsaved")) {
    assert.ok(performance.now() < end, "nobody says that it could not be written");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  weir.kv.fail(undefined);
  assert.equal((await weir.ended()).ended.outcome, "rolledBack");
});

test("a metric of Prometheus over its limit takes a shift back, and one that nobody answers does not", async () => {
  const p99 = { name: "p99", source: "prometheus", query: "slow", max: 0.5 };
  const lost = { name: "lost", source: "prometheus", query: "lost", max: 0 };
  const ask: AskMetric = async (query) => (query === "slow" ? 0.75 : Promise.reject(new Error("refused")));
  await using weir = await replicas({ loads: [] }, ask);
  await weir.begin(long, guarded([lost, p99]));
  const { ended } = await weir.ended();
  assert.match(
    ended.reason,
    /^rolled back: shift-1 at step 1 of 2, dc-a=50 dc-b=50: p99 is 0.75, over 0.5 \(2 in a row\)$/,
  );
  assert.ok(weir.notes.some((note) => note.kind === "shift-blind" && note.metric === "lost"));
});
