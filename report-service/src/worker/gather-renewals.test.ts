import assert from "node:assert/strict";
import { test } from "node:test";
import { cancel, claimant, create, report } from "../../test/contract/place.ts";
import { openSqlitePlace } from "../../test/contract/sqlite-place.ts";
import { ownClock } from "../ports/clock.ts";
import { gatherRenewals } from "./gather-renewals.ts";

test("leases that are due together are renewed in one write, and each holder learns what became of its own", async () => {
  await using place = await openSqlitePlace();
  await using store = await place.connect();
  for (const id of ["a", "b", "c"]) await create(store.reports, report(id, 1));
  await store.queue.claim(claimant, 3, 10);
  const groups: number[] = [];
  const reports = gatherRenewals(
    {
      ...store.reports,
      changeAll(changes, nowMs) {
        groups.push(changes.length);
        return store.reports.changeAll(changes, nowMs);
      },
    },
    ownClock,
  );
  const renew = { kind: "renew", attempt: 1, leaseMs: 1_000 } as const;
  await reports.change(report("c", 1), cancel, 20);
  const answers = await Promise.all(["a", "b", "c", "z"].map((id) => reports.change(report(id, 1), renew, 30)));
  assert.deepEqual(
    answers.map((answer) => answer?.kind),
    ["changed", "changed", "refused", undefined],
  );
  assert.deepEqual(groups, [4]);
  const { status } = (await store.reports.read(report("a", 1))) ?? report("", 0);
  assert.ok(status.kind === "running" && status.leasedUntilMs > Date.now());
});
