import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isOutOfRoom } from "../lib/out-of-room.ts";
import type { ReportChange } from "../model/change-report.ts";
import type { KindBook, ReportKind } from "../model/kind.ts";
import {
  type Artifact,
  type Failure,
  type FailureReason,
  type Format,
  objectsOf,
  type Report,
} from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ReportStore } from "../ports/report-store.ts";
import type { Result } from "../ports/results-queue.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import type { Tracer } from "../ports/tracer.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import type { Deliver } from "./deliver-result.ts";
import { fetchInputs } from "./fetch-inputs.ts";
import type { FormatAbout } from "./formats/format-about.ts";
import { type HeldLease, holdLease } from "./hold-lease.ts";
import { type JobTime, limitTime, longestStartMs, longestWaitMs } from "./limit-time.ts";
import type { JobFile, JobResult, Runtime } from "./runtime.ts";
import type { TellProgress } from "./tell-progress.ts";
import type { JobEnd, WorkerNote } from "./worker-note.ts";

// How long a report whose disk is full, or whose store is away, is held before another worker may try it.
const firstPutOffMs = 1_000;
const longestPutOffMs = 120_000;
const longestInputWaitMs = 3_600_000;
// The others are the fault of whoever asked.
const brokenKind: ReadonlySet<FailureReason> = new Set(["RENDER_FAILED", "OUT_OF_MEMORY", "DEADLINE_EXCEEDED"]);
// How much a program takes to read an upload is up to who sent it.
const brokenKindOfUploads: ReadonlySet<FailureReason> = new Set(["RENDER_FAILED"]);

export type JobParts = {
  readonly reports: ReportStore;
  readonly clock: Clock;
  readonly objects: ObjectStore;
  readonly uploads: UploadStore;
  readonly kinds: KindBook;
  readonly runtime: Runtime;
  readonly lostDatacenters: ReadonlySet<string>;
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

/** What comes of a job: its verdict at once, and where its report was put off, the end of its being held. */
export type JobRun = { readonly verdict: JobVerdict; readonly held: Promise<void> | undefined };

export type JobSignals = {
  /** Gives the running job to another server. */
  readonly handBack: AbortSignal;
  /** The server stops: what was put off is handed back at once. */
  readonly stopping: AbortSignal;
};

/** Works on a claimed report until its outcome is recorded, or put off. */
export async function runJob(
  report: Report,
  attempt: number,
  parts: JobParts,
  { handBack, stopping }: JobSignals,
): Promise<JobRun> {
  const startedAtMs = performance.now();
  const about = { report: report.id, reportKind: report.kind, attempt };
  const span = parts.tracer?.start({
    name: "report.job",
    kind: "consumer",
    parent: report.traceparent,
    attributes: { "report.id": report.id, "report.kind": report.kind, "report.attempt": attempt },
  });
  parts.observe({ kind: "job-started", ...about });

  const { outcome, end } = await makeAndRecord(report, attempt, parts, handBack);
  const held = outcome.kind === "put-off" ? hold(report, attempt, outcome, parts, stopping) : undefined;
  const failure = failureOf(outcome);
  parts.observe({ kind: "job-ended", ...about, end, ...failure, tookMs: performance.now() - startedAtMs });
  span?.end({ "report.end": end }, failure?.message);
  return { verdict: verdictOf(outcome, report), held };
}

/** A result that nobody takes does not cost its attempt: its report is put off, whose bytes stay, as it may be kept after all. */
async function makeAndRecord(
  report: Report,
  attempt: number,
  parts: JobParts,
  handBack: AbortSignal,
): Promise<{ readonly outcome: Outcome; readonly end: JobEnd }> {
  const outcome = await attemptJob(report, attempt, parts, handBack);
  if (outcome.kind === "put-off") return { outcome, end: "put-off" };
  try {
    return { outcome, end: await record(report, attempt, outcome, parts, handBack) };
  } catch (cause) {
    return { outcome: putOff(cause, attempt, parts), end: "put-off" };
  }
}

/**
 * Keeps a report that was put off from all workers for a while, and then hands it back: straight in the store, since the
 * queue of results may be what is away. If that still has a result of this attempt, one of both is refused.
 */
async function hold(
  report: Report,
  attempt: number,
  { message }: PutOff,
  parts: JobParts,
  stopping: AbortSignal,
): Promise<void> {
  const { reports, clock } = parts;
  await using lease = holdLease(parts, report, attempt, parts.leaseMs);
  const signal = AbortSignal.any([lease.lost, stopping]);
  await delay(putOffMs(report), undefined, { signal, ref: false }).catch(() => undefined);
  if (!lease.lost.aborted) await reports.change(report, { kind: "hand-back", attempt, message }, clock.now());
}

type Outcome =
  | Extract<ReportChange, { kind: "succeed" | "fail" | "lose" | "hand-back" }>
  | { readonly kind: "superseded" }
  /** There was no worker to be had. */
  | { readonly kind: "not-started"; readonly attempt: number; readonly message: string }
  /** There was one, and it stood still. */
  | { readonly kind: "stalled"; readonly attempt: number; readonly message: string }
  | PutOff;

/** The report can be made, but not here and now: a disk is full, a store is away, or an input is not in this data center yet. */
type PutOff = {
  readonly kind: "put-off";
  readonly attempt: number;
  readonly message: string;
  readonly lacks: "room-or-store" | "input";
};

async function attemptJob(report: Report, attempt: number, parts: JobParts, handBack: AbortSignal): Promise<Outcome> {
  const kind = parts.kinds.get(report.kind);
  if (!kind) return fail(attempt, { reason: "KIND_UNKNOWN", message: `this server has no kind ${report.kind}` });

  await using lease = holdLease(parts, report, attempt, parts.leaseMs);
  using time = limitTime(kind.limits.timeoutMs);
  const making = makeReport(report, attempt, parts, { kind, lease, time, handBack });
  const outcome = await making.catch((cause: unknown) => putOff(cause, attempt, parts));
  if (outcome.kind !== "put-off") return outcome;
  await rm(inputsOf(parts), { recursive: true, force: true });
  await removeLeavings(report, attempt, parts);
  return outcome;
}

type Attempting = {
  readonly kind: ReportKind;
  readonly lease: HeldLease;
  readonly time: JobTime;
  readonly handBack: AbortSignal;
};

async function makeReport(
  report: Report,
  attempt: number,
  parts: JobParts,
  { kind, lease, time, handBack }: Attempting,
): Promise<Outcome> {
  const stop = AbortSignal.any([lease.lost, time.isUp, handBack]);
  const datacenter = report.attempts.at(-1)?.datacenter ?? report.datacenter;
  const fetching = fetchInputs(report, kind.inputs, inputsOf(parts), { ...parts, datacenter }, stop);
  const inputs = await fetching.catch((cause: unknown) => {
    if (!stop.aborted) throw cause;
    return { kind: "fetched", inputs: [] } as const;
  });
  if (inputs.kind === "failed") return fail(attempt, inputs.failure);
  if (inputs.kind === "not-here-yet") return waitForInput(report, attempt, inputs.message, parts);
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
  const starved = () => parts.observe({ kind: "code-starved", report: report.id, reportKind: report.kind, attempt });
  const result = await parts.runtime.run(job, { begun: time.begin, waited: time.waited, starved, progress }, stop);

  if (result.kind !== "stopped") return outcomeOf(result, report, attempt, parts);
  if (lease.lost.aborted) return { kind: "superseded" };
  if (!time.isUp.aborted) return { kind: "hand-back", attempt };
  if (time.hasStarved()) {
    const message = `it waited for CPU time for ${longestWaitMs} ms and got next to none`;
    return { kind: "not-started", attempt, message };
  }
  if (time.hasBegun()) return fail(attempt, tooSlow(kind));
  return { kind: "not-started", attempt, message: `no worker was ready within ${longestStartMs} ms` };
}

/** What went wrong is neither the report's fault nor its kind's; anything else is thrown on. */
function putOff(cause: unknown, attempt: number, { observe }: JobParts): PutOff {
  const away = cause instanceof StoreUnavailable;
  if (!away && !isOutOfRoom(cause)) throw cause;
  observe({ kind: "worker-stumbled", cause: cause as Error });
  const message = away ? "a store is not available" : "the worker's disk is full";
  return { kind: "put-off", attempt, message, lacks: "room-or-store" };
}

/** Replication that is behind is worth waiting for; what was lost with its data center is not. */
function waitForInput(report: Report, attempt: number, message: string, { clock }: JobParts): Outcome {
  const since = report.attempts.at(-1 - putOffInARow(report))?.startedAtMs ?? report.createdAtMs;
  if (clock.now() - since < longestInputWaitMs) return { kind: "put-off", attempt, message, lacks: "input" };
  const hours = longestInputWaitMs / 3_600_000;
  const says = `${message}, after ${hours} h; retry the report once they are, or upload them again`;
  return fail(attempt, { reason: "INPUT_MISSING", message: says });
}

/** What an attempt has written that comes to nothing would keep a full disk full. */
async function removeLeavings(report: Report, attempt: number, { objects }: JobParts): Promise<void> {
  // Where it cannot be removed now, the cleaner finds it.
  await objects.remove(`${objectsOf(report)}/${attempt}`).catch(() => undefined);
}

/** Longer each time in a row: what has no room anywhere must neither fill disk after disk nor have attempts without end. */
function putOffMs(report: Report): number {
  return Math.min(longestPutOffMs, firstPutOffMs * 2 ** putOffInARow(report));
}

/** How many attempts right before this one were handed back. */
function putOffInARow({ attempts }: Report): number {
  const before = attempts.slice(0, -1);
  return before.length - 1 - before.findLastIndex(({ failure }) => failure?.reason !== "HANDED_BACK");
}

function inputsOf({ runtime }: JobParts): string {
  return join(runtime.scratch, "inputs");
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
    case "no-room":
      return { kind: "put-off", attempt, message: result.message, lacks: "room-or-store" };
    case "done": {
      const { files, rows } = result;
      const keyOf = (format: Format) => `${objectsOf(report)}/${attempt}/report.${format}`;
      const stored = await objects
        .put(files.map(({ format, path }) => ({ key: keyOf(format), file: path })))
        .catch(async (cause: unknown) => {
          await Promise.all(files.map(({ path }) => rm(path, { force: true })));
          throw cause;
        });
      const artifacts = stored.map((facts, at): Artifact => {
        const { format } = files[at] as JobFile;
        return { format, key: keyOf(format), rows, ...facts };
      });
      return { kind: "succeed", attempt, artifacts };
    }
  }
}

/** Hands an outcome to the writers; what nobody will look at leaves no bytes behind. */
async function record(
  report: Report,
  attempt: number,
  outcome: Recorded,
  parts: JobParts,
  handBack: AbortSignal,
): Promise<JobEnd> {
  if (outcome.kind === "superseded") return "superseded";
  if ((await parts.deliver(report, changeBy(outcome), handBack)) === "kept") return endOf(outcome);
  if (outcome.kind === "succeed") await removeLeavings(report, attempt, parts);
  return "superseded";
}

type Recorded = Exclude<Outcome, PutOff>;

function changeBy(outcome: Exclude<Recorded, { kind: "superseded" }>): Result["change"] {
  switch (outcome.kind) {
    case "not-started":
      return { kind: "hand-back", attempt: outcome.attempt };
    case "stalled":
      return { ...outcome, kind: "lose" };
    default:
      return outcome;
  }
}

function endOf(outcome: Exclude<Recorded, { kind: "superseded" }>): JobEnd {
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
      return outcome.kind;
  }
}

function verdictOf(outcome: Outcome, { uploads }: Report): JobVerdict {
  const broken = uploads.length > 0 ? brokenKindOfUploads : brokenKind;
  switch (outcome.kind) {
    case "succeed":
      return { kind: "well" };
    case "fail":
      if (!broken.has(outcome.failure.reason)) return { kind: "tells-nothing" };
      return { kind: "kind-broke", why: `${outcome.failure.reason}: ${outcome.failure.message}` };
    case "lose":
      return { kind: "worker-broke", why: outcome.message, byKind: true };
    case "put-off":
      // Other reports have other inputs.
      if (outcome.lacks === "input") return { kind: "tells-nothing" };
      return { kind: "worker-broke", why: outcome.message, byKind: false };
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
  if (outcome.kind === "not-started" || outcome.kind === "put-off")
    return { reason: "HANDED_BACK", message: outcome.message };
  if (outcome.kind !== "lose" && outcome.kind !== "stalled") return undefined;
  return { reason: "WORKER_LOST", message: outcome.message };
}

function fail(attempt: number, { reason, message }: Failure): Outcome {
  return { kind: "fail", attempt, failure: { reason, message } };
}

function tooSlow({ name, limits }: ReportKind): Failure {
  return { reason: "DEADLINE_EXCEEDED", message: `${name} may take ${limits.timeoutMs} ms and took longer` };
}
