import { after, test } from "node:test";
import { lacksCassandra } from "../../../test/kit/cassandra.ts";
import { openCassandraPlace, openCassandraResults, stopCassandra } from "../../test/contract/cassandra-place.ts";
import { provesCrashSafety } from "../../test/contract/crash.ts";
import { provesJobQueue } from "../../test/contract/job-queue.ts";
import { provesKindLimits, provesKindLimitsByKey } from "../../test/contract/kind-limits.ts";
import { provesNotices } from "../../test/contract/notices.ts";
import { provesOutbox } from "../../test/contract/outbox.ts";
import { provesReportStore } from "../../test/contract/report-store.ts";
import { provesResultsQueue } from "../../test/contract/results-queue.ts";
import { provesSealing, sealed } from "../../test/contract/sealing.ts";
import { provesCleanUp, provesUploadStore } from "../../test/contract/upkeep.ts";

if (lacksCassandra) {
  test("Cassandra keeps the contracts of a store", { skip: lacksCassandra }, () => undefined);
} else {
  after(stopCassandra);
  provesReportStore("Cassandra", openCassandraPlace);
  provesJobQueue("Cassandra", openCassandraPlace);
  provesKindLimits("Cassandra", openCassandraPlace);
  provesUploadStore("Cassandra", openCassandraPlace);
  provesCleanUp("Cassandra", openCassandraPlace);
  provesNotices("Cassandra", openCassandraPlace);
  provesOutbox("Cassandra", openCassandraPlace);
  provesKindLimitsByKey("Cassandra", openCassandraPlace);
  provesResultsQueue("Cassandra", openCassandraResults);
  provesCrashSafety("Cassandra", openCassandraPlace);

  // Of what a queue does with sealed reports, which takes longest here, the sealing's own test has enough.
  provesSealing("Cassandra", openCassandraPlace);
  provesReportStore("Cassandra, sealed", sealed(openCassandraPlace));
  provesCleanUp("Cassandra, sealed", sealed(openCassandraPlace));
}
