import { test } from "node:test";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { provesCrashSafety } from "../../test/contract/crash.ts";
import { provesJobQueue } from "../../test/contract/job-queue.ts";
import { provesJobsAhead } from "../../test/contract/jobs-ahead.ts";
import { provesKindLimits, provesKindLimitsByKey } from "../../test/contract/kind-limits.ts";
import { provesNotices } from "../../test/contract/notices.ts";
import { provesOutbox } from "../../test/contract/outbox.ts";
import { postgresPlaces } from "../../test/contract/postgres-place.ts";
import { provesReportStore } from "../../test/contract/report-store.ts";
import { provesResultsQueue } from "../../test/contract/results-queue.ts";
import { provesSealing, sealed } from "../../test/contract/sealing.ts";
import { provesCleanUp, provesUploadStore } from "../../test/contract/upkeep.ts";

if (lacksPostgres) test("the contract of a store, over Postgres", { skip: lacksPostgres });
else {
  const { open, openOutbox, openResults } = postgresPlaces();
  provesReportStore("Postgres", open);
  provesJobQueue("Postgres", open);
  provesJobsAhead("Postgres", open);
  provesKindLimits("Postgres", open);
  provesUploadStore("Postgres", open);
  provesCleanUp("Postgres", open);
  provesNotices("Postgres", open);
  provesOutbox("Postgres", openOutbox);
  provesKindLimitsByKey("Postgres", openOutbox);
  provesResultsQueue("Postgres", openResults);
  provesCrashSafety("Postgres", open);

  provesSealing("Postgres", open);
  provesReportStore("Postgres, sealed", sealed(open));
  provesJobQueue("Postgres, sealed", sealed(open));
  provesCleanUp("Postgres, sealed", sealed(open));
}
