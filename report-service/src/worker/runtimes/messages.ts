import type { CodeScheduling } from "../../model/code-scheduling.ts";
import type { Language } from "../../model/kind.ts";
import type { FailureReason, Progress } from "../../model/report.ts";
import type { Job, JobFile } from "../runtime.ts";

/** What the server tells its worker process. */
export type ToWorker = { readonly kind: "run"; readonly job: Job } | { readonly kind: "stop" };

/** What the worker process tells its server; each `run` ends with one of those after the first five. */
export type FromWorker =
  /** It lives, and its event loop turns. */
  | { readonly kind: "beat" }
  | { readonly kind: "begun" }
  | { readonly kind: "waited"; readonly ms: number }
  | { readonly kind: "starved" }
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "done"; readonly rows: number; readonly files: readonly JobFile[] }
  | { readonly kind: "failed"; readonly reason: FailureReason; readonly message: string }
  | { readonly kind: "lost" | "stalled" | "unavailable"; readonly message: string }
  | { readonly kind: "no-room"; readonly message: string }
  | { readonly kind: "stopped" };

/** Where a worker process finds things. */
export type WorkerPlaces = {
  /** A directory of its own. */
  readonly scratch: string;
  /** The sample data, made where it is missing. Beside it is kept what else takes long to make. */
  readonly sample: string;
};

/** What a worker process gives to code. */
export type WorkerLimits = {
  /** The longest that any job of its language may take: whatever happens to everybody else, no code runs for longer. */
  readonly longestMs: number;
  readonly codeScheduling: CodeScheduling;
  /** How many workers of code its server has for each CPU. */
  readonly codePerCpu: number;
};

/** The argument of the worker process. */
export type WorkerSettings = WorkerPlaces & WorkerLimits & { readonly language: Language };
