import assert from "node:assert/strict";
import { test } from "node:test";
import type { KindName, ReportId, TenantId } from "../model/names.ts";
import { newReport, type Report } from "../model/report.ts";
import { createCircuits } from "./circuits.ts";
import type { JobVerdict } from "./run-job.ts";
import type { WorkerNote } from "./worker-note.ts";

const broke: JobVerdict = { kind: "kind-broke", why: "RENDER_FAILED: ValueError" };
const lost: JobVerdict = { kind: "worker-broke", why: "the worker ended by SIGSEGV", byKind: true };
const well: JobVerdict = { kind: "well" };

function circuits() {
  const notes: WorkerNote[] = [];
  const made = createCircuits("python", (note) => notes.push(note));
  return {
    ...made,
    told: () => notes.map((note) => note.kind),
    /** One job for each verdict, of one kind and several tenants. */
    after(kind: string, verdicts: readonly JobVerdict[], nowMs = 0) {
      for (const [at, verdict] of verdicts.entries()) {
        const one = report(kind, `tenant-${at}`);
        made.started(one, nowMs);
        made.ended(one, verdict, nowMs);
      }
    },
  };
}

function report(kind: string, tenant: string): Report {
  return newReport({
    ...{ tenant: tenant as TenantId, id: "r" as ReportId, kind: kind as KindName, parameters: {} },
    ...{ formats: ["csv"], datacenter: "dc-a", createdAtMs: 0 },
  });
}

const five = <T>(one: T) => Array.from({ length: 5 }, () => one);
const kind = (name: string) => name as KindName;

test("a kind that fails again and again is shut, says why, and no other kind is", () => {
  const python = circuits();
  python.after("invoice", five(broke));
  assert.deepEqual(python.paused(1_000), ["invoice"]);
  assert.deepEqual(python.shut(kind("invoice"), 1_000), { why: "RENDER_FAILED: ValueError", retryAfterMs: 4_000 });
  assert.equal(python.shut(kind("other"), 1_000), undefined);
  assert.equal(python.clusterShutForMs(1_000), 0);
  assert.deepEqual(python.told(), ["circuit-opened"]);
});

test("after its time one job tries it, and nobody else does meanwhile", () => {
  const python = circuits();
  python.after("invoice", five(broke));
  assert.deepEqual(python.paused(5_000), []);
  python.started(report("invoice", "acme"), 5_000);
  assert.deepEqual(python.paused(5_001), ["invoice"]);
  python.ended(report("invoice", "acme"), well, 6_000);
  assert.deepEqual(python.paused(6_000), []);
  assert.deepEqual(python.told(), ["circuit-opened", "circuit-closed"]);
});

test("a kind that kills its workers is shut alone; when several kinds lose theirs, the cluster is", () => {
  const python = circuits();
  python.after("deadly", five(lost));
  assert.deepEqual([python.paused(1), python.clusterShutForMs(1)], [["deadly"], 0]);

  const other = circuits();
  for (let turn = 0; turn < 5; turn++) other.after(`kind-${turn}`, [lost]);
  assert.equal(other.clusterShutForMs(1), 4_999);
  assert.equal(other.shut(kind("innocent"), 1)?.why, "the worker ended by SIGSEGV");
});

test("a cluster without workers is shut, and no kind is blamed for it", () => {
  const python = circuits();
  const none: JobVerdict = { kind: "worker-broke", why: "no worker starts: ENOENT", byKind: false };
  python.after("invoice", [...five(none), ...five(none)]);
  assert.deepEqual(python.paused(1), []);
  assert.ok(python.clusterShutForMs(1) > 0);
});

test("what is the fault of whoever asked shuts nothing", () => {
  const python = circuits();
  python.after("invoice", [...five({ kind: "tells-nothing" } as const), ...five({ kind: "tells-nothing" } as const)]);
  assert.deepEqual([python.paused(1), python.clusterShutForMs(1)], [[], 0]);
});
