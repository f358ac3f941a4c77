import type { InputMediaType, KindProgram } from "../model/kind.ts";
import type { FailureReason, Format, Parameters, Progress } from "../model/report.ts";
import type { FormatAbout } from "./formats/format-about.ts";

/** One attempt at a report, with all that a worker process needs to know. */
export type Job = {
  readonly program: KindProgram;
  /** What the client has uploaded for it, as tables of these names. */
  readonly inputs: readonly JobInput[];
  readonly parameters: Parameters;
  readonly formats: readonly Format[];
  readonly about: FormatAbout;
  readonly memory: string;
  readonly maxRows: number;
};

export type JobInput = { readonly name: string; readonly mediaType: InputMediaType; readonly path: string };
export type JobFile = { readonly format: Format; readonly path: string };

/**
 * `lost`: the worker process died, which says nothing about the report. `stalled`: it no longer did anything and was
 * ended, which says nothing about the kind either. `unavailable`: there is no worker process to be had, so the job has not
 * begun. `no-room`: there is no room on the worker's disk for what it writes. `stopped`: the signal was aborted.
 */
export type JobResult =
  | { readonly kind: "done"; readonly rows: number; readonly files: readonly JobFile[] }
  | { readonly kind: "failed"; readonly reason: FailureReason; readonly message: string }
  | { readonly kind: "lost" | "stalled" | "unavailable"; readonly message: string }
  | { readonly kind: "no-room"; readonly message: string }
  | { readonly kind: "stopped" };

export type HearOfJob = {
  /** The worker is ready, and the job's own time begins. */
  readonly begun: () => void;
  /** So long, in all, code could have run since then and had no CPU; told now and then where the system knows it. */
  readonly waited: (ms: number) => void;
  /** Of the CPU time that nobody else wants its code got too little, and begins once more with its share. */
  readonly starved: () => void;
  readonly progress: (progress: Progress) => void;
};

/** Something that runs one job at a time. Files of a result belong to the caller, until the next job. */
export type Runtime = {
  /** A directory of its own, where it can read what jobs bring with them. */
  readonly scratch: string;
  run(job: Job, hear: HearOfJob, signal: AbortSignal): Promise<JobResult>;
} & AsyncDisposable;
