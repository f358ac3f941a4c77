import { join } from "node:path";
import type { ReportChange } from "../model/change-report.ts";
import type { KindBook, ReportKind } from "../model/kind.ts";
import { type Artifact, type Failure, type FailureReason, objectsOf, type Report } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ReportStore } from "../ports/report-store.ts";
import type { Result } from "../ports/results-queue.ts";
import type { Tracer } from "../ports/tracer.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import type { Deliver } from "./deliver-result.ts";
import { fetchInputs } from "./fetch-inputs.ts";
import type { FormatAbout } from "./formats/format-about.ts";
import { holdLease } from "./hold-lease.ts";
import type { JobResult, Runtime } from "./runtime.ts";
import type { TellProgress } from "./tell-progress.ts";
import type { JobEnd, WorkerNote } from "./worker-note.ts";

// Starting a worker takes a second or two, and more where the machine is busy.
const startLimitMs = 120_000;
// The others are the fault of whoever asked.
const brokenKind: ReadonlySet<FailureReason> = new Set(["RENDER_FAILED", "OUT_OF_MEMORY", "DEADLINE_EXCEEDED"]);

export type JobParts = {
  readonly reports: ReportStore;
  readonly clock: Clock;
  readonly objects: ObjectStore;
  readonly uploads: UploadStore;
  readonly kinds: KindBook;
  readonly runtime: Runtime;
  readonly leaseMs: number;
  readonly deliver: Deliver;
  readonly tellProgress: TellProgress;
  readonly tracer: Tracer | undefined;
  readonly observe: (note: WorkerNote) => void;
};

/** What a job tells of its kind and of its worker. `byKind`: it may have been the kind's program that broke the worker. */
export type JobVerdict =
  | { readonly kind: "well" | "tells-nothing" }
  | { readonly kind: "kind-broke"; readonly why: string }
  | { readonly kind: "worker-broke"; readonly why: string; readonly byKind: boolean };

/** Works on a claimed report until its outcome is recorded; `handBack` gives it to another server instead. */
export async function runJob(
  report: Report,
  attempt: number,
  parts: JobParts,
  handBack: AbortSignal,
): Promise<JobVerdict> {
  const startedAtMs = performance.now();
  const about = { report: report.id, reportKind: report.kind, attempt };
  const span = parts.tracer?.start({
    name: "report.job",
    kind: "consumer",
    parent: report.traceparent,
    attributes: { "report.id": report.id, "report.kind": report.kind, "report.attempt": attempt },
  });
  parts.observe({ kind: "job-started", ...about });

  const outcome = await attemptJob(report, attempt, parts, handBack);
  const end = await record(report, attempt, outcome, parts);
  const failure = failureOf(outcome);
  parts.observe({ kind: "job-ended", ...about, end, ...failure, tookMs: performance.now() - startedAtMs });
  span?.end({ "report.end": end }, failure?.message);
  return verdictOf(outcome);
}

type Outcome =
  | Extract<ReportChange, { kind: "succeed" | "fail" | "lose" | "hand-back" }>
  | { readonly kind: "superseded" }
  /** There was no worker to be had. */
  | { readonly kind: "not-started"; readonly attempt: number; readonly message: string }
  /** There was one, and it stood still. */
  | { readonly kind: "stalled"; readonly attempt: number; readonly message: string };

async function attemptJob(report: Report, attempt: number, parts: JobParts, handBack: AbortSignal): Promise<Outcome> {
  const kind = parts.kinds.get(report.kind);
  if (!kind) return fail(attempt, { reason: "KIND_UNKNOWN", message: `this server has no kind ${report.kind}` });

  await using lease = holdLease(parts, report, attempt, parts.leaseMs);
  using time = limitTime(kind.limits.timeoutMs);
  const stop = AbortSignal.any([lease.lost, time.isUp, handBack]);
  const directory = join(parts.runtime.scratch, "inputs");
  const fetching = fetchInputs(report, kind.inputs, directory, parts, stop);
  const inputs = await fetching.catch((cause: unknown) => {
    if (!stop.aborted) throw cause;
    return { ok: true, inputs: [] } as const;
  });
  if (!inputs.ok) return fail(attempt, inputs.failure);
  const { program, limits } = kind;
  const job = {
    program,
    inputs: inputs.inputs,
    parameters: report.parameters,
    formats: report.formats,
    about: aboutOf(report, kind),
    ...limits,
  };
  const progress = parts.tellProgress(report, attempt);
  const result = await parts.runtime.run(job, { begun: time.begin, progress }, stop);

  if (result.kind !== "stopped") return outcomeOf(result, report, attempt, parts);
  if (lease.lost.aborted) return { kind: "superseded" };
  if (!time.isUp.aborted) return { kind: "hand-back", attempt };
  if (time.hasBegun()) return fail(attempt, tooSlow(kind));
  return { kind: "not-started", attempt, message: `no worker was ready within ${startLimitMs} ms` };
}

/** The time of a job: its own begins once a worker is ready for it, which has its limit, too. */
function limitTime(ownMs: number) {
  const up = new AbortController();
  let begun = false;
  let timer = setTimeout(() => up.abort(), startLimitMs);
  return {
    isUp: up.signal,
    hasBegun: () => begun,
    begin() {
      if (begun) return;
      begun = true;
      clearTimeout(timer);
      timer = setTimeout(() => up.abort(), ownMs);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

function aboutOf({ parameters, sensitive, asOfMs, createdAtMs }: Report, { title }: ReportKind): FormatAbout {
  const shown = Object.entries(parameters).filter(([name]) => !sensitive.includes(name));
  return { title, parameters: Object.fromEntries(shown), timeMs: asOfMs ?? createdAtMs };
}

async function outcomeOf(
  result: Exclude<JobResult, { kind: "stopped" }>,
  report: Report,
  attempt: number,
  { objects }: JobParts,
): Promise<Outcome> {
  switch (result.kind) {
    case "failed":
      return fail(attempt, result);
    case "lost":
      return { kind: "lose", attempt, message: result.message };
    case "stalled":
      return { kind: "stalled", attempt, message: result.message };
    case "unavailable":
      return { kind: "not-started", attempt, message: result.message };
    case "done": {
      const artifacts: Artifact[] = [];
      for (const { format, path } of result.files) {
        const key = `${objectsOf(report)}/${attempt}/report.${format}`;
        artifacts.push({ format, key, rows: result.rows, ...(await objects.put(key, path)) });
      }
      return { kind: "succeed", attempt, artifacts };
    }
  }
}

/** Hands an outcome to the writers; what nobody will look at leaves no bytes behind. */
async function record(report: Report, attempt: number, outcome: Outcome, parts: JobParts): Promise<JobEnd> {
  if (outcome.kind === "superseded") return "superseded";
  const { tenant, id } = report;
  if ((await parts.deliver({ key: { tenant, id }, change: changeBy(outcome) })) === "kept") return endOf(outcome);
  if (outcome.kind === "succeed") await parts.objects.remove(`${objectsOf(report)}/${attempt}`);
  return "superseded";
}

function changeBy(outcome: Exclude<Outcome, { kind: "superseded" }>): Result["change"] {
  if (outcome.kind === "not-started") return { kind: "hand-back", attempt: outcome.attempt };
  return outcome.kind === "stalled" ? { ...outcome, kind: "lose" } : outcome;
}

function endOf(outcome: Exclude<Outcome, { kind: "superseded" }>): JobEnd {
  switch (outcome.kind) {
    case "succeed":
      return "succeeded";
    case "fail":
      return "failed";
    case "lose":
    case "stalled":
      return "lost";
    case "hand-back":
      return "handed-back";
    case "not-started":
      return "not-started";
  }
}

function verdictOf(outcome: Outcome): JobVerdict {
  switch (outcome.kind) {
    case "succeed":
      return { kind: "well" };
    case "fail":
      if (!brokenKind.has(outcome.failure.reason)) return { kind: "tells-nothing" };
      return { kind: "kind-broke", why: `${outcome.failure.reason}: ${outcome.failure.message}` };
    case "lose":
      return { kind: "worker-broke", why: outcome.message, byKind: true };
    case "stalled":
    case "not-started":
      return { kind: "worker-broke", why: outcome.message, byKind: false };
    case "hand-back":
    case "superseded":
      return { kind: "tells-nothing" };
  }
}

function failureOf(outcome: Outcome): Failure | undefined {
  if (outcome.kind === "fail") return outcome.failure;
  if (outcome.kind === "not-started") return { reason: "HANDED_BACK", message: outcome.message };
  if (outcome.kind !== "lose" && outcome.kind !== "stalled") return undefined;
  return { reason: "WORKER_LOST", message: outcome.message };
}

function fail(attempt: number, { reason, message }: Failure): Outcome {
  return { kind: "fail", attempt, failure: { reason, message } };
}

function tooSlow({ name, limits }: ReportKind): Failure {
  return { reason: "DEADLINE_EXCEEDED", message: `${name} may take ${limits.timeoutMs} ms and took longer` };
}
