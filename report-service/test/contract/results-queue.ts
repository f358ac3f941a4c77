import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportId } from "../../src/model/names.ts";
import type { Result, ResultsQueue } from "../../src/ports/results-queue.ts";
import { never, tenant } from "./place.ts";

/** An empty queue of the provider under test, which takes `most` results and lends them for `patienceMs`. */
export type ResultsPlace = {
  /** One server's connection; several see the same results. */
  connect(): Promise<ResultsQueue>;
  /** Whether a result is kept before it is written: not where its worker waits for that. */
  readonly durable: boolean;
  /** Whether `length` tells how old the oldest one is; it does unless this says otherwise. */
  readonly tellsAge?: false;
} & AsyncDisposable;

export type OpenResultsPlace = (limits: {
  readonly most: number;
  readonly patienceMs: number;
}) => Promise<ResultsPlace>;

const roomy = { most: 10_000, patienceMs: 60_000 };

/** What every provider of `ResultsQueue` must do. */
export function provesResultsQueue(name: string, open: OpenResultsPlace): void {
  test(`${name}: results are given in the order they came, whole, and not again once they are written`, async () => {
    await using place = await open(roomy);
    const [worker, writer] = [await place.connect(), await place.connect()];
    const kept = putAll(worker, ["a", "b", "c"]);
    if (place.durable) await kept;
    const first = await takeJust(writer, 2);
    assert.deepEqual(first.results, [result("a"), result("b")]);
    await first.done();
    const second = await writer.take(10, never);
    assert.deepEqual(second.results, [result("c")]);
    await second.done();
    assert.deepEqual(await kept, ["kept", "kept", "kept"]);
    assert.equal((await writer.length()).waiting, 0);
    assert.deepEqual((await writer.take(1, AbortSignal.timeout(50))).results, []);
  });

  test(`${name}: a writer that waits gets a result that is put elsewhere`, async () => {
    await using place = await open(roomy);
    const [worker, writer] = [await place.connect(), await place.connect()];
    const taking = writer.take(10, never);
    const kept = worker.put(result("a"), never);
    const batch = await taking;
    assert.deepEqual(batch.results, [result("a")]);
    await batch.done();
    assert.equal(await kept, "kept");
  });

  test(`${name}: results of a writer that is gone are given to another one, and then to nobody`, async () => {
    await using place = await open({ ...roomy, patienceMs: 100 });
    const [lost, other] = [await place.connect(), await place.connect()];
    const kept = putAll(lost, ["a", "b"]);
    const taken = await takeJust(lost, 2);
    assert.equal(taken.results.length, 2);
    const again = await takeJust(other, 2);
    assert.deepEqual(again.results, [result("a"), result("b")]);
    await again.done();
    // The first one was only slow: it writes the same again.
    await taken.done();
    assert.deepEqual(await kept, ["kept", "kept"]);
    assert.equal((await other.length()).waiting, 0);
  });

  test(`${name}: no two writers have the same result at once`, async () => {
    await using place = await open(roomy);
    const [one, two] = [await place.connect(), await place.connect()];
    const ids = Array.from({ length: 60 }, (_, index) => `r${index}`);
    const kept = putAll(one, ids);
    const given: string[] = [];
    const drain = async (writer: ResultsQueue) => {
      while (given.length < ids.length) {
        const batch = await writer.take(7, AbortSignal.timeout(200));
        given.push(...batch.results.map(({ key }) => key.id));
        await batch.done();
      }
    };
    await Promise.all([drain(one), drain(two)]);
    assert.deepEqual(given.sort(), [...ids].sort());
    await kept;
  });

  test(`${name}: as many wait as may, and then none is taken until one is written`, async () => {
    await using place = await open({ most: 2, patienceMs: 60_000 });
    const [worker, writer] = [await place.connect(), await place.connect()];
    const kept = putAll(worker, ["a", "b"]);
    if (place.durable) await kept;
    assert.equal(await worker.put(result("c"), never), "full");
    const { waiting, oldestAtMs = 0 } = await writer.length();
    assert.equal(waiting, 2);
    if (place.tellsAge !== false) assert.ok(Math.abs(Date.now() - oldestAtMs) < 60_000);
    const batch = await takeJust(writer, 1);
    assert.equal(await worker.put(result("c"), never), "full");
    await batch.done();
    const third = worker.put(result("c"), never);
    const rest = await takeJust(writer, 2);
    assert.deepEqual(rest.results, [result("b"), result("c")]);
    await rest.done();
    assert.equal(await third, "kept");
    assert.deepEqual(await kept, ["kept", "kept"]);
  });

  test(`${name}: who has stopped waiting puts nothing and takes nothing`, async () => {
    await using place = await open(roomy);
    const [worker, writer] = [await place.connect(), await place.connect()];
    await assert.rejects(worker.put(result("a"), AbortSignal.abort()));
    assert.deepEqual((await writer.take(5, AbortSignal.abort())).results, []);
    assert.equal((await writer.length()).waiting, 0);
  });
}

/** A result with everything in it that a provider must carry. */
function result(id: string): Result {
  const sha256 = "0".repeat(64);
  return {
    key: { tenant, id: id as ReportId },
    change: {
      kind: "succeed",
      attempt: 1,
      artifacts: [{ format: "csv", key: `acme/${id}/1/report.csv`, sizeBytes: 3, rows: 1, sha256 }],
    },
  };
}

function putAll(queue: ResultsQueue, ids: readonly string[]): Promise<readonly ("kept" | "full")[]> {
  return Promise.all(ids.map((id) => queue.put(result(id), never)));
}

/** Exactly so many results, of one batch or of several: a provider may give fewer at once. */
async function takeJust(queue: ResultsQueue, count: number) {
  const results: Result[] = [];
  const dones: (() => Promise<void>)[] = [];
  while (results.length < count) {
    const batch = await queue.take(count - results.length, never);
    results.push(...batch.results);
    dones.push(batch.done);
  }
  return {
    results,
    async done() {
      for (const done of dones) await done();
    },
  };
}
