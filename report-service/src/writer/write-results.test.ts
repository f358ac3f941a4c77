import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { claimant, create, never, report } from "../../test/contract/place.ts";
import { openSqlitePlace } from "../../test/contract/sqlite-place.ts";
import { lockSqlite } from "../../test/sqlite-lock.ts";
import { createMemoryResults } from "../memory/results-queue.ts";
import type { Artifact } from "../model/report.ts";
import { ownClock } from "../ports/clock.ts";
import type { ReportStore } from "../ports/report-store.ts";
import type { Result, ResultsQueue } from "../ports/results-queue.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { createDelivery } from "../worker/deliver-result.ts";
import { startWriter } from "./write-results.ts";
import type { WriterNote } from "./writer-note.ts";

test("results that wait together are written together, in one transaction", async () => {
  await using scene = await openScene(["a", "b", "c"]);
  const puts = ["a", "b", "c"].map((id) => scene.results.put(succeeded(id, 1), never));
  await using _writer = scene.start();
  assert.deepEqual(await Promise.all(puts), ["kept", "kept", "kept"]);
  for (const id of ["a", "b", "c"]) assert.equal(await scene.state(id), "succeeded");
  assert.deepEqual(scene.batches, [3]);
});

test("a result that is given twice is written once, and its bytes stay", async () => {
  await using scene = await openScene(["a", "b"]);
  await using _writer = scene.start();
  for (const result of [succeeded("a", 1), lost("b", 1)]) {
    await scene.results.put(result, never);
    await scene.results.put(result, never);
  }
  assert.equal(await scene.state("a"), "succeeded");
  assert.equal((await scene.read("b"))?.attempts.length, 1);
  assert.deepEqual(scene.removed, []);
  assert.ok(scene.notes.every(({ kind }) => kind === "results-written"));
});

test("a result of an attempt that no longer counts is refused, and its bytes are removed", async () => {
  await using scene = await openScene(["a", "b"]);
  await using _writer = scene.start();
  await scene.reports.change(report("a", 1), { kind: "cancel", message: "enough" }, 2);
  await scene.results.put(succeeded("a", 1), never);
  await scene.results.put(succeeded("b", 9), never);
  await scene.results.put(succeeded("gone", 1), never);
  assert.equal(await scene.state("a"), "cancelled");
  assert.equal(await scene.state("b"), "running");
  assert.deepEqual(scene.removed, ["acme/a/1", "acme/b/9", "acme/gone/1"]);
  const refusals = scene.notes.filter(({ kind }) => kind === "result-refused");
  assert.deepEqual(
    refusals.map((note) => note.kind === "result-refused" && note.why),
    ["ended", "fenced", "unknown"],
  );
});

test("a refused result whose bytes cannot be removed now keeps no other one waiting, and is not taken again", async () => {
  await using scene = await openScene(["a", "b"]);
  scene.trouble.objectsAway = true;
  await using _writer = scene.start();
  await scene.reports.change(report("a", 1), { kind: "cancel", message: "enough" }, 2);
  const stumbled = scene.noted("writer-stumbled");
  const puts = ["a", "b"].map((id) => scene.results.put(succeeded(id, 1), never));
  assert.deepEqual(await Promise.all(puts), ["kept", "kept"]);
  await stumbled;
  await scene.results.put(lost("b", 1), never);
  assert.equal(await scene.state("b"), "succeeded");
  assert.equal(scene.notes.filter(({ kind }) => kind === "result-refused").length, 1);
});

test("while the store is away results wait, and one that it never takes does not keep out the others", async () => {
  await using scene = await openScene(["a", "poison", "c"]);
  scene.trouble.away = true;
  await using _writer = scene.start();
  const puts = ["a", "poison", "c"].map((id) => scene.results.put(succeeded(id, 1), never));
  await scene.noted("writer-stumbled");
  assert.equal(await scene.state("a"), "running");
  scene.trouble.away = false;
  await Promise.all(puts);
  assert.deepEqual([await scene.state("a"), await scene.state("c")], ["succeeded", "succeeded"]);
  assert.equal(await scene.state("poison"), "running");
  assert.ok(scene.notes.some((note) => note.kind === "result-dropped" && note.report === "poison"));
});

test("results and their deliveries outlast a store that another process has locked", async () => {
  await using scene = await openScene(["a", "b"]);
  await using lock = await lockSqlite(scene.path);
  await using _writer = scene.start();
  const { results, reports } = scene;
  const deliver = createDelivery({ results, reports, clock: ownClock, leaseMs: 5_000, heldForMs: 60_000 });
  const [put, delivery] = [
    scene.results.put(succeeded("a", 1), never),
    deliver(report("b", 1), succeeded("b", 1).change, never),
  ];
  await scene.noted("writer-stumbled");
  await lock.release();
  assert.deepEqual(await Promise.all([put, delivery]), ["kept", "kept"]);
  assert.deepEqual([await scene.state("a"), await scene.state("b")], ["succeeded", "succeeded"]);
  assert.ok(scene.notes.every(({ kind }) => kind === "results-written" || kind === "writer-stumbled"));
});

test("a writer that drains ends what it has begun and takes no more", async () => {
  await using scene = await openScene(["a", "b"]);
  const writer = scene.start();
  await scene.results.put(succeeded("a", 1), never);
  await writer.drain();
  const late = scene.results.put(succeeded("b", 1), AbortSignal.timeout(30));
  await assert.rejects(late);
  assert.equal(await scene.state("b"), "running");
});

test("a worker waits while the queue is full, and learns when its attempt no longer counts", async () => {
  await using scene = await openScene(["a", "b", "c"], 1);
  const deliver = createDelivery({
    results: scene.results,
    reports: scene.reports,
    clock: ownClock,
    leaseMs: 5_000,
    heldForMs: 60_000,
  });
  const first = deliver(report("a", 1), succeeded("a", 1).change, never);
  await full(scene.results);
  const second = deliver(report("b", 1), succeeded("b", 1).change, never);
  await using _writer = scene.start();
  assert.deepEqual(await Promise.all([first, second]), ["kept", "kept"]);
  await scene.reports.change(report("c", 1), { kind: "cancel", message: "not needed" }, Date.now());
  assert.equal(await deliver(report("c", 1), succeeded("c", 1).change, never), "superseded");
});

test("a result that the queue has taken, and said that it has not, is kept and no other worker's", async () => {
  await using scene = await openScene(["a"]);
  await using _writer = scene.start();
  const results: ResultsQueue = {
    ...scene.results,
    async put(result, signal) {
      await scene.results.put(result, signal);
      throw new StoreUnavailable("the answer was lost", 1, undefined);
    },
  };
  const { reports } = scene;
  const deliver = createDelivery({ results, reports, clock: ownClock, leaseMs: 5_000, heldForMs: 60_000 });
  assert.equal(await deliver(report("a", 1), succeeded("a", 1).change, never), "kept");
  assert.equal(await scene.state("a"), "succeeded");
});

test("a result of a report that was handed back is refused, also while the report is made again", async () => {
  await using scene = await openScene(["a", "b"]);
  for (const id of ["a", "b"]) {
    const handBack = { kind: "hand-back", attempt: 1 } as const;
    await scene.reports.change(report(id, 1), handBack, Date.now());
  }
  const claim = { kind: "claim", worker: "other", datacenter: "dc-a", leaseMs: 60_000 } as const;
  await scene.reports.change(report("b", 1), claim, Date.now());
  await using _writer = scene.start();
  await Promise.all(["a", "b"].map((id) => scene.results.put(succeeded(id, 1), never)));
  assert.deepEqual([await scene.state("a"), await scene.state("b")], ["queued", "running"]);
  await scene.results.put(succeeded("b", 2), never);
  assert.equal(await scene.state("b"), "succeeded");
  assert.deepEqual(scene.removed.toSorted(), ["acme/a/1", "acme/b/1"]);
});

test("a worker that ends before its result is kept delays its report by its lease and no more", async () => {
  await using scene = await openScene(["a"]);
  const put = () => Promise.reject(new Error("the worker was killed"));
  const results = { ...scene.results, put };
  const deliver = createDelivery({
    results,
    reports: scene.reports,
    clock: ownClock,
    leaseMs: 5_000,
    heldForMs: 600_000,
  });
  await assert.rejects(deliver(report("a", 1), succeeded("a", 1).change, never));
  const status = (await scene.read("a"))?.status;
  assert.ok(status?.kind === "running" && status.leasedUntilMs <= Date.now() + 5_000);
});

async function full(results: ReturnType<typeof createMemoryResults>): Promise<void> {
  while ((await results.length()).waiting === 0) await new Promise((resolve) => setImmediate(resolve));
}

/** Running reports of these ids, first attempt, and a writer of their results. */
async function openScene(ids: readonly string[], most = 100) {
  const place = await openSqlitePlace();
  const { reports, queue, ...connected } = await place.connect();
  for (const [index, id] of ids.entries()) await create(reports, report(id, index + 1));
  await queue.claim({ ...claimant, leaseMs: 60_000 }, ids.length, Date.now());
  const [batches, removed, notes]: [number[], string[], WriterNote[]] = [[], [], []];
  const trouble = { away: false, objectsAway: false };
  const heard = new EventEmitter();
  const troubled: ReportStore = {
    ...reports,
    async change(key, change, nowMs) {
      if (trouble.away) throw new Error("the store is away");
      if (key.id === "poison") throw new Error("does not fit");
      return reports.change(key, change, nowMs);
    },
    async changeAll(changes, nowMs) {
      if (trouble.away) throw new Error("the store is away");
      if (changes.some(({ key }) => key.id === "poison")) throw new Error("does not fit");
      batches.push(changes.length);
      return reports.changeAll(changes, nowMs);
    },
  };
  const results = createMemoryResults(ownClock, { most, patienceMs: 50 });
  return {
    reports,
    path: place.elsewhere?.argument ?? "",
    ...{ results, batches, removed, notes, trouble },
    read: (id: string) => reports.read(report(id, 1)),
    state: async (id: string) => (await reports.read(report(id, 1)))?.status.kind,
    start() {
      const observe = (note: WriterNote) => {
        notes.push(note);
        heard.emit(note.kind);
      };
      const objects = {
        async remove(prefix: string) {
          if (trouble.objectsAway) throw new StoreUnavailable("there is no object store", 1, undefined);
          removed.push(prefix);
        },
      };
      return startWriter({ results, reports: troubled, clock: ownClock, objects, bulletin: undefined, observe });
    },
    noted: (kind: WriterNote["kind"]) => once(heard, kind),
    async [Symbol.asyncDispose]() {
      await connected[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

function succeeded(id: string, attempt: number): Result {
  const { tenant, id: name } = report(id, 1);
  const artifact: Artifact = {
    format: "csv",
    key: `acme/${id}/${attempt}/report.csv`,
    sizeBytes: 1,
    rows: 1,
    sha256: "",
  };
  return { key: { tenant, id: name }, change: { kind: "succeed", attempt, artifacts: [artifact] } };
}

function lost(id: string, attempt: number): Result {
  const { tenant, id: name } = report(id, 1);
  return { key: { tenant, id: name }, change: { kind: "lose", attempt, message: "it died" } };
}
