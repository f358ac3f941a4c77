import assert from "node:assert/strict";
import { test } from "node:test";
import { createLatest } from "../lib/latest.ts";
import type { JournalEntry } from "../policy/policy-store.ts";
import { followConvergence } from "./follow-convergence.ts";
import type { ChangeNote } from "./note.ts";

function entry(revision: number, at: number): JournalEntry {
  return { revision, at: new Date(at), by: "ana", through: "api", reason: "", changes: [] };
}

/** Follows until the last of these notes was told; `answers` is what the clients have answered when asked. */
async function follow(
  journal: readonly JournalEntry[],
  published: readonly number[],
  answer: { readonly acked: number; readonly of: number },
) {
  const notes: ChangeNote[] = [];
  const worlds = createLatest<{ readonly revision: number }>();
  const stop = new AbortController();
  let clock = 1_000;
  let asked = 0;
  const done = followConvergence(
    {
      published: worlds,
      journal: () => journal.toReversed(),
      async settled() {
        asked += 1;
        clock += 40;
        return answer;
      },
      observe: (note) => notes.push(note),
      now: () => new Date(clock),
    },
    stop.signal,
  );
  for (const revision of published) {
    worlds.set({ revision });
    // The follower runs on microtasks only: a turn of the event loop later it has done all that it can.
    await new Promise(setImmediate);
  }
  stop.abort();
  await done;
  return { notes, asked };
}

test("a change is told of once all clients have answered, with the time since it was accepted", async () => {
  const { notes } = await follow([entry(1, 0), entry(2, 1_010)], [1, 2], { acked: 3, of: 3 });
  assert.deepEqual(notes, [{ kind: "converged", revision: 2, tookMs: 30, clients: 3 }]);
});

test("changes that came to the clients together are each told of", async () => {
  const { notes } = await follow([entry(1, 1_000), entry(2, 1_020), entry(3, 1_030)], [1, 3], { acked: 0, of: 0 });
  assert.deepEqual(notes, [
    { kind: "converged", revision: 1, tookMs: 40, clients: 0 },
    { kind: "converged", revision: 2, tookMs: 60, clients: 0 },
    { kind: "converged", revision: 3, tookMs: 50, clients: 0 },
  ]);
});

test("clients that do not answer are told of", async () => {
  const { notes } = await follow([entry(1, 1_000)], [1], { acked: 2, of: 3 });
  assert.deepEqual(notes, [{ kind: "not-converged", revision: 1, tookMs: 40, acked: 2, clients: 3 }]);
});

test("worlds that only bring other endpoints ask no client", async () => {
  const { notes, asked } = await follow([entry(1, 0)], [1, 1], { acked: 1, of: 1 });
  assert.deepEqual({ notes, asked }, { notes: [], asked: 0 });
});
