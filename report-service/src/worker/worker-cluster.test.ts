import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { report, roomy, tenant } from "../../test/contract/place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { createDiskObjects } from "../disk/object-store.ts";
import type { KindBook, KindInput, Language, ReportKind } from "../model/kind.ts";
import type { KindName } from "../model/names.ts";
import { makeUploadId } from "../model/report-id.ts";
import { objectOfUpload, type Upload } from "../model/upload.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ResultsQueue } from "../ports/results-queue.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { openStore } from "../sqlite/open-store.ts";
import { createDelivery } from "./deliver-result.ts";
import type { JobResult, Runtime } from "./runtime.ts";
import { startWorkerCluster, type WorkerCluster } from "./worker-cluster.ts";
import type { WorkerNote } from "./worker-note.ts";

test("a cluster that gets no workers stops claiming, loses no report, and delays no other cluster", async () => {
  await using servers = await clustersWith((language) =>
    language === "python" ? { kind: "unavailable", message: "no worker starts: ENOENT" } : done,
  );
  const { store, python, notes } = servers;
  await store.reports.create([{ report: report("p", 1, { kind: kindOf("python"), cluster: "python" }) }], roomy);
  await servers.until(() => notes.some((note) => note.kind === "circuit-opened"));
  assert.equal(python.shut(kindOf("python"))?.why, "no worker starts: ENOENT");
  const waiting = await store.reports.read(report("p", 1));
  assert.equal(waiting?.status.kind, "queued");
  assert.ok(waiting.attempts.every(({ failure }) => failure?.reason === "HANDED_BACK"));

  await store.reports.create(
    Array.from({ length: 5 }, (_, at) => ({ report: report(`s${at}`, at, { kind: kindOf("sql") }) })),
    roomy,
  );
  await servers.until(
    () => notes.filter((note) => note.kind === "job-ended" && note.reportKind === kindOf("sql")).length === 5,
  );
  assert.equal((await store.queue.length("sql")).queued, 0);
  assert.equal((await python.signal()).queued, 1);
});

test("after a while one report tries the cluster again, and the others follow when it succeeds", async () => {
  let works = false;
  await using servers = await clustersWith(() => (works ? done : { kind: "unavailable", message: "not yet" }));
  const { store, python, notes } = servers;
  await store.reports.create(
    ["a", "b"].map((id) => ({ report: report(id, 1, { kind: kindOf("python"), cluster: "python" }) })),
    roomy,
  );
  await servers.until(() => notes.some((note) => note.kind === "circuit-opened"));
  works = true;
  await servers.until(() => notes.some((note) => note.kind === "circuit-closed"));
  await servers.until(() => notes.filter((note) => note.kind === "job-ended" && note.end === "succeeded").length === 2);
  assert.equal(python.shut(kindOf("python")), undefined);
});

test("workers that stand still shut their cluster, and no kind is blamed for it", async () => {
  await using servers = await clustersWith(() => ({ kind: "stalled", message: "the worker did nothing any more" }));
  const { store, notes } = servers;
  const four = Array.from({ length: 4 }, (_, at) => ({ report: report(`s${at}`, at, { kind: kindOf("sql") }) }));
  await store.reports.create(four, roomy);
  await servers.until(() => notes.some((note) => note.kind === "circuit-opened"));
  const [ended] = notes.filter((note) => note.kind === "job-ended");
  assert.deepEqual([ended?.end, ended?.reason], ["lost", "WORKER_LOST"]);
  const opened = notes.filter((note) => note.kind === "circuit-opened");
  assert.deepEqual(
    opened.map(({ reportKind }) => reportKind),
    [undefined],
  );
});

test("a report whose disk is full is put off, at first for a second, and made when there is room", async () => {
  let full = true;
  await using servers = await clustersWith(() => (full ? { kind: "no-room", message: "the disk is full" } : done));
  const { store, sql, notes } = servers;
  await store.reports.create([{ report: report("s", 1, { kind: kindOf("sql") }) }], roomy);
  const startedMs = performance.now();
  const ended = (end: string) => notes.filter((note) => note.kind === "job-ended" && note.end === end);
  await servers.until(() => ended("put-off").length === 3);
  // It was held for one second and then for two, so that it is not tried again and again at once.
  assert.ok(performance.now() - startedMs > 2_900);
  full = false;
  await servers.until(() => ended("succeeded").length === 1);
  const made = await store.reports.read(report("s", 1));
  assert.equal(made?.status.kind, "succeeded");
  const lost = made.attempts.slice(0, -1).map(({ failure }) => failure);
  assert.ok(lost.every((failure) => failure?.reason === "HANDED_BACK" && failure.message === "the disk is full"));
  assert.equal(sql.shut(kindOf("sql")), undefined);
});

test("a report that an object store has no room for is put off, and nothing of it stays", async () => {
  let full = true;
  await using servers = await clustersWith(() => withFile, {
    async put() {
      if (full) throw new StoreUnavailable("the object store is full", 1, undefined);
      return [{ sizeBytes: 1, sha256: "" }];
    },
  });
  const { store, notes, removed } = servers;
  await store.reports.create([{ report: report("s", 1, { kind: kindOf("sql") }) }], roomy);
  await servers.until(() => notes.some((note) => note.kind === "job-ended" && note.end === "put-off"));
  assert.deepEqual(removed, ["acme/s/1"]);
  full = false;
  await servers.until(() => notes.some((note) => note.kind === "job-ended" && note.end === "succeeded"));
  assert.ok(notes.every((note) => note.kind !== "circuit-opened"));
});

test("a report whose input has not come from another data center yet is put off, and the cluster goes on with others", async () => {
  await using servers = await clustersWith(() => done);
  const { store, notes, sql, directory } = servers;
  const upload = uploadMadeIn("dc-b");
  await store.uploads.create(upload, undefined);
  await store.uploads.complete(upload, 1);
  const waiting = report("s", Date.now(), { kind: ofInput, uploads: [upload.id] });
  await store.reports.create([{ report: waiting }], roomy);
  const ended = (end: string) => notes.filter((note) => note.kind === "job-ended" && note.end === end);
  await servers.until(() => ended("put-off").length === 1);
  const others = Array.from({ length: 5 }, (_, at) => ({ report: report(`o${at}`, at, { kind: kindOf("sql") }) }));
  await store.reports.create(others, roomy);
  await servers.until(() => ended("succeeded").length === 5);
  await servers.until(() => ended("put-off").length === 2);
  await writeObject(directory, upload);
  await servers.until(() => ended("succeeded").length === 6);

  const made = await store.reports.read(waiting);
  assert.equal(made?.status.kind, "succeeded");
  assert.deepEqual(
    made.attempts.slice(0, 2).map(({ failure }) => failure),
    Array(2).fill({ reason: "HANDED_BACK", message: "the bytes of targets were sent to dc-b and are not in dc-a yet" }),
  );
  assert.equal(sql.shut(kindOf("sql")), undefined);
});

test("a report whose input is gone fails, at once in the own data center, and after an hour where it was another one's", async () => {
  await using servers = await clustersWith(() => done);
  const { store, notes } = servers;
  const uploads = ["dc-a", "dc-b"].map(uploadMadeIn);
  for (const upload of uploads) {
    await store.uploads.create(upload, undefined);
    await store.uploads.complete(upload, 1);
  }
  const reports = uploads.map(({ id }, at) => report(`s${at}`, 1, { kind: ofInput, uploads: [id] }));
  // The worker's clock is of now: all of its waiting was long ago.
  const attempt = { number: 1, worker: "w", datacenter: "dc-a", startedAtMs: 1, endedAtMs: 2 };
  const handedBack = { ...attempt, failure: { reason: "HANDED_BACK", message: "not yet" } } as const;
  await store.reports.create(
    reports.map((one) => ({ report: { ...one, attempts: [handedBack] } })),
    roomy,
  );
  await servers.until(() => notes.filter((note) => note.kind === "job-ended" && note.end === "failed").length === 2);
  const failures = [];
  for (const one of reports) failures.push((await store.reports.read(one))?.attempts.at(-1)?.failure);
  assert.deepEqual(failures, [
    { reason: "INPUT_MISSING", message: "the bytes of targets are gone; upload them again" },
    {
      reason: "INPUT_MISSING",
      message:
        "the bytes of targets were sent to dc-b and are not in dc-a yet, after 1 h; retry the report once they are, or " +
        "upload them again",
    },
  ]);
});

test("a report whose input was sent to a data center that is lost fails at once, unless it was copied before", async () => {
  await using servers = await clustersWith(() => done);
  const { store, notes, directory } = servers;
  const [gone, copied] = [uploadMadeIn("dc-c"), uploadMadeIn("dc-c", 2)];
  for (const upload of [gone, copied]) {
    await store.uploads.create(upload, undefined);
    await store.uploads.complete(upload, 1);
  }
  await writeObject(directory, copied);
  const reports = [gone, copied].map(({ id }, at) => report(`s${at}`, Date.now(), { kind: ofInput, uploads: [id] }));
  await store.reports.create(
    reports.map((one) => ({ report: one })),
    roomy,
  );
  await servers.until(() => notes.filter((note) => note.kind === "job-ended").length === 2);
  const made = await Promise.all(reports.map((one) => store.reports.read(one)));
  assert.deepEqual(
    made.map((one) => [one?.status.kind, one?.attempts.length, one?.attempts[0]?.failure]),
    [
      [
        ...["failed", 1],
        {
          reason: "INPUT_MISSING",
          message:
            "the bytes of targets were sent to dc-c, which is lost, and were not copied to dc-a; upload them again and create " +
            "the report with that upload",
        },
      ],
      ["succeeded", 1, undefined],
    ],
  );
});

test("a report whose result nobody takes is handed back by a server that stops, loses no attempt, and its bytes stay", async () => {
  const asked = Promise.withResolvers<void>();
  const results = {
    async put() {
      asked.resolve();
      throw new StoreUnavailable("the queue of results is away", 1, undefined);
    },
  };
  const objects = { put: async () => [{ sizeBytes: 1, sha256: "" }] };
  await using servers = await clustersWith(() => withFile, objects, results);
  const { store, sql, notes, removed } = servers;
  await store.reports.create([{ report: report("s", 1, { kind: kindOf("sql") }) }], roomy);
  await asked.promise;
  await sql.drain(AbortSignal.abort());
  const waiting = await store.reports.read(report("s", 1));
  assert.equal(waiting?.status.kind, "queued");
  assert.deepEqual(
    waiting.attempts.map(({ failure }) => failure),
    [{ reason: "HANDED_BACK", message: "a store is not available" }],
  );
  assert.deepEqual(removed, []);
  assert.ok(notes.some((note) => note.kind === "job-ended" && note.end === "put-off"));
});

const bytes = Buffer.from("region,target\n");

function uploadMadeIn(datacenter: string, atMs = 1): Upload {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const id = makeUploadId(datacenter, atMs, new Uint8Array(10));
  return { tenant, id, mediaType: "text/csv", sizeBytes: bytes.length, sha256, createdAtMs: 1 };
}

async function writeObject(directory: string, upload: Upload): Promise<void> {
  const draft = join(directory, "draft");
  await writeFile(draft, bytes);
  await createDiskObjects(join(directory, "objects")).put([{ key: objectOfUpload(upload), file: draft }]);
}

const withFile: JobResult = { kind: "done", rows: 1, files: [{ format: "csv", path: "/nowhere/result.csv" }] };
const done: JobResult = { kind: "done", rows: 0, files: [] };

/** The clusters `sql` and `python` over one store, with one kind each, whose workers come to what `answer` says. */
async function clustersWith(
  answer: (language: Language) => JobResult,
  objects: Partial<ObjectStore> = {},
  results: Partial<ResultsQueue> = {},
) {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const store = stack.use(openStore(join(directory.path, "reports.db")));
  const notes: WorkerNote[] = [];
  const removed: string[] = [];
  const disk = createDiskObjects(join(directory.path, "objects"));
  const remove = async (prefix: string) => void removed.push(prefix);
  let wake = () => {};
  const start = (language: Language): WorkerCluster =>
    startWorkerCluster(
      language,
      1,
      { worker: "w", datacenter: "dc-a", leaseMs: 5_000, shares },
      {
        ...{ queue: store.queue, reports: store.reports, uploads: store.uploads, clock: store.clock, leaseMs: 5_000 },
        lostDatacenters: new Set(["dc-c"]),
        ...{ targetWaitMs: 5_000, tracer: undefined, kinds, tellProgress: () => () => {} },
        objects: { ...disk, remove, ...objects },
        deliver: createDelivery({
          results: { ...writtenAtOnce, ...results },
          reports: store.reports,
          clock: store.clock,
          leaseMs: 5_000,
          heldForMs: 0,
        }),
        createRuntime: () => runtimeThat(() => answer(language), directory.path),
        observe(note) {
          notes.push(note);
          wake();
        },
      },
    );
  const writtenAtOnce: ResultsQueue = {
    async put({ key, change }) {
      await store.reports.change(key, change, Date.now());
      return "kept";
    },
    take: () => Promise.reject(new Error("nobody takes")),
    length: async () => ({ waiting: 0 }),
  };
  const [sql, python] = [stack.use(start("sql")), stack.use(start("python"))];
  const moved = stack.move();
  return {
    ...{ store, sql, python, notes, removed, directory: directory.path },
    async until(condition: () => boolean): Promise<void> {
      while (!condition()) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

const shares = { everyone: { weight: 1, concurrency: 10 }, others: new Map() };

const ofInput = "of-input" as KindName;

function kindOf(language: Language): KindName {
  return `kind-of-${language}` as KindName;
}

const targets: KindInput = { name: "targets", mediaTypes: ["text/csv"] };
const kinds: KindBook = new Map(
  [kind(kindOf("sql"), "sql"), kind(kindOf("python"), "python"), kind(ofInput, "sql", [targets])].map((one) => [
    one.name,
    one,
  ]),
);

function kind(name: KindName, cluster: "sql" | "python", inputs: readonly KindInput[] = []): ReportKind {
  return {
    ...{ name, cluster, version: "1", title: "", description: "", parametersSchema: {} },
    program: { language: "sql", query: "select 1" },
    ...{ inputs, formats: ["csv"], sensitive: [] },
    limits: { timeoutMs: 1_000, memory: "64MB", maxRows: 1 },
    parseParameters: () => ({ ok: true, value: {} }),
  };
}

function runtimeThat(answer: () => JobResult, scratch: string): Runtime {
  return {
    scratch,
    async run(_job, { begun }) {
      const result = answer();
      if (result.kind !== "unavailable") begun();
      return result;
    },
    async [Symbol.asyncDispose]() {},
  };
}
