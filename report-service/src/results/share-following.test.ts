import assert from "node:assert/strict";
import { test } from "node:test";
import { create, never, report } from "../../test/contract/place.ts";
import { provesReportStore } from "../../test/contract/report-store.ts";
import { openSqlitePlace } from "../../test/contract/sqlite-place.ts";
import { createMemoryBulletin } from "../memory/bulletin.ts";
import type { ReportChange } from "../model/change-report.ts";
import { ownClock } from "../ports/clock.ts";
import type { ReportEvent, ReportStore } from "../ports/report-store.ts";
import { shareFollowing } from "./share-following.ts";

const claim: ReportChange = { kind: "claim", worker: "w", datacenter: "dc-a", leaseMs: 60_000 };
const fail: ReportChange = { kind: "fail", attempt: 1, failure: { reason: "RENDER_FAILED", message: "no" } };
const progress = { percent: 50, stage: "query", rows: 3 } as const;

// Whatever holds for following a store holds for following it together.
provesReportStore("SQLite, followed together", async () => {
  const place = await openSqlitePlace();
  return {
    connect: async () => {
      const connected = await place.connect();
      return { ...connected, reports: shareFollowing(connected.reports, undefined, ownClock) };
    },
    [Symbol.asyncDispose]: place[Symbol.asyncDispose],
  };
});

test("a hundred that follow one report cost the store one, and each sees all", async () => {
  await using scene = await openScene();
  const { reports, follows } = scene;
  const watchers = Array.from({ length: 100 }, () => sequencesOf(reports.follow(report("a", 1), 0, never)));
  await scene.seen(100);
  await reports.change(report("a", 1), claim, 2);
  await reports.change(report("a", 1), fail, 3);
  for (const sequences of await Promise.all(watchers)) assert.deepEqual(sequences, [1, 2, 3]);
  assert.equal(follows(), 1);
});

test("one that leaves does not disturb the others, and the last one ends the following", async () => {
  await using scene = await openScene();
  const { reports } = scene;
  const leaving = new AbortController();
  const left = sequencesOf(reports.follow(report("a", 1), 0, leaving.signal));
  const stays = sequencesOf(reports.follow(report("a", 1), 0, never));
  await scene.seen(2);
  leaving.abort();
  assert.deepEqual(await left, [1]);
  await reports.change(report("a", 1), claim, 2);
  await reports.change(report("a", 1), fail, 3);
  assert.deepEqual(await stays, [1, 2, 3]);
  assert.equal(scene.following(), 0);
});

test("one that comes back gets what it missed, whatever the others have seen", async () => {
  await using scene = await openScene();
  const { reports } = scene;
  await reports.change(report("a", 1), claim, 2);
  await reports.change(report("a", 1), { kind: "progress", attempt: 1, progress }, 3);
  const fresh = sequencesOf(reports.follow(report("a", 1), 0, never));
  await scene.seen(1);
  const back = sequencesOf(reports.follow(report("a", 1), 1, never));
  await reports.change(report("a", 1), fail, 4);
  assert.deepEqual(await fresh, [3, 4]);
  assert.deepEqual(await back, [2, 3, 4]);
});

test("one that comes first sees the present state, also beside one that came back", async () => {
  await using scene = await openScene();
  const { reports, follows } = scene;
  const back = sequencesOf(reports.follow(report("a", 1), 1, never));
  const fresh = sequencesOf(reports.follow(report("a", 1), 0, never));
  await scene.seen(1);
  await reports.change(report("a", 1), claim, 2);
  await reports.change(report("a", 1), fail, 3);
  assert.deepEqual(await fresh, [1, 2, 3]);
  assert.deepEqual(await back, [2, 3]);
  assert.equal(follows(), 1);
});

test("progress that only the bulletin tells comes with the sequence of the state it belongs to", async () => {
  const bulletin = createMemoryBulletin();
  await using scene = await openScene(bulletin);
  const { reports } = scene;
  await reports.change(report("a", 1), claim, 2);
  const events: ReportEvent[] = [];
  for await (const event of reports.follow(report("a", 1), 0, never)) {
    events.push(event);
    if (events.length === 1) {
      await bulletin.tell(report("a", 1), { kind: "progress", attempt: 7, progress });
      await bulletin.tell(report("a", 1), { kind: "progress", attempt: 1, progress });
    }
    if (events.length === 2) await reports.change(report("a", 1), fail, 3);
  }
  assert.deepEqual(
    events.map(({ sequence, report: { status } }) => [sequence, status.kind]),
    [
      [2, "running"],
      [2, "running"],
      [3, "failed"],
    ],
  );
  const status = events[1]?.report.status;
  assert.deepEqual(status?.kind === "running" && status.progress, progress);
});

test("a store that tells of nothing by itself is looked at when the bulletin says so", async () => {
  const bulletin = createMemoryBulletin();
  await using scene = await openScene(bulletin, deaf);
  const { reports } = scene;
  const watching = sequencesOf(reports.follow(report("a", 1), 0, never));
  await scene.seen(1);
  await reports.change(report("a", 1), claim, 2);
  await reports.change(report("a", 1), fail, 3);
  await bulletin.tell(report("a", 1), { kind: "changed", sequence: 3 });
  assert.deepEqual(await watching, [1, 2, 3]);
});

test("what following fails with is told to all who follow", async () => {
  await using scene = await openScene(undefined, (reports) => ({
    ...reports,
    // biome-ignore lint/correctness/useYield: it fails before it has anything
    async *follow() {
      throw new Error("the store is away");
    },
  }));
  for (const _each of [1, 2]) {
    await assert.rejects(sequencesOf(scene.reports.follow(report("a", 1), 0, never)), /the store is away/);
  }
});

/** A store with the queued report `a`, followed together; `below` changes the store underneath. */
async function openScene(
  bulletin: Parameters<typeof shareFollowing>[1] = undefined,
  below: (reports: ReportStore) => ReportStore = (reports) => reports,
) {
  const place = await openSqlitePlace();
  const connected = await place.connect();
  await create(connected.reports, report("a", 1));
  let follows = 0;
  let following = 0;
  let given = 0;
  const under = below(connected.reports);
  const counted: ReportStore = {
    ...under,
    async *follow(key, after, signal) {
      follows += 1;
      following += 1;
      try {
        yield* under.follow(key, after, signal);
      } finally {
        following -= 1;
      }
    },
  };
  const shared = shareFollowing(counted, bulletin, ownClock);
  const reports: ReportStore = {
    ...shared,
    async *follow(key, after, signal) {
      for await (const event of shared.follow(key, after, signal)) {
        given += 1;
        yield event;
      }
    },
  };
  return {
    reports,
    follows: () => follows,
    following: () => following,
    /** Returns once so many events were given to those who follow. */
    async seen(count: number) {
      while (given < count) await new Promise((resolve) => setImmediate(resolve));
    },
    async [Symbol.asyncDispose]() {
      await connected[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

/** Gives what is there at its beginning, and then nothing until the signal. */
function deaf(reports: ReportStore): ReportStore {
  return {
    ...reports,
    async *follow(key, after, signal) {
      const soon = new AbortController();
      const looked = setTimeout(() => soon.abort(), 20);
      yield* reports.follow(key, after, AbortSignal.any([signal, soon.signal]));
      clearTimeout(looked);
      const present = await reports.read(key);
      if (present?.status.kind === "failed" || signal.aborted) return;
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  };
}

async function sequencesOf(events: AsyncIterable<ReportEvent>): Promise<readonly number[]> {
  const sequences = [];
  for await (const { sequence } of events) sequences.push(sequence);
  return sequences;
}
