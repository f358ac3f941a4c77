import type { FailureReason, Format, Parameters, Progress } from "../model/report.ts";
import type { FormatAbout } from "./formats/format-about.ts";

/** One attempt at a report, with all that a worker process needs to know. */
export type Job = {
  readonly query: string;
  readonly parameters: Parameters;
  readonly formats: readonly Format[];
  readonly about: FormatAbout;
  readonly memory: string;
  readonly maxRows: number;
};

export type JobFile = { readonly format: Format; readonly path: string };

/** `lost`: the worker process died, which says nothing about the report. `stopped`: the signal was aborted. */
export type JobResult =
  | { readonly kind: "done"; readonly rows: number; readonly files: readonly JobFile[] }
  | { readonly kind: "failed"; readonly reason: FailureReason; readonly message: string }
  | { readonly kind: "lost"; readonly message: string }
  | { readonly kind: "stopped" };

/** Something that runs one job at a time. Files of a result belong to the caller, until the next job. */
export type Runtime = {
  run(job: Job, onProgress: (progress: Progress) => void, signal: AbortSignal): Promise<JobResult>;
} & AsyncDisposable;
