import type { CleanUp } from "./clean-up.ts";
import type { Clock } from "./clock.ts";
import type { JobQueue } from "./job-queue.ts";
import type { Notices } from "./notices.ts";
import type { ReportStore } from "./report-store.ts";
import type { TryWrite } from "./try-write.ts";
import type { UploadStore } from "./upload-store.ts";

/** What one provider of a database gives: five ports over the same data, their time, and whether it takes writes. */
export type Stores = {
  readonly reports: ReportStore;
  readonly queue: JobQueue;
  readonly uploads: UploadStore;
  readonly cleanUp: CleanUp;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly tryWrite: TryWrite;
};
