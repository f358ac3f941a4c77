import type { FailureReason, Progress } from "../../model/report.ts";
import type { Job, JobFile } from "../runtime.ts";

/** What the server tells its worker process. */
export type ToWorker = { readonly kind: "run"; readonly job: Job } | { readonly kind: "stop" };

/** What the worker process tells its server; each `run` ends with one of the last three. */
export type FromWorker =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "done"; readonly rows: number; readonly files: readonly JobFile[] }
  | { readonly kind: "failed"; readonly reason: FailureReason; readonly message: string }
  | { readonly kind: "stopped" };

/** The arguments of the worker process. */
export type WorkerPlaces = { readonly scratch: string; readonly sample: string };
