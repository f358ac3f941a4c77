import { setTimeout as delay } from "node:timers/promises";
import type { Changed } from "../model/change-report.ts";
import type { Clock } from "../ports/clock.ts";
import type { ChangeOf, ReportStore } from "../ports/report-store.ts";

// Much less than any lease has left when it is renewed.
const gatherMs = 20;

type Waiting = {
  readonly renewal: ChangeOf;
  readonly resolve: (changed: Changed | undefined) => void;
  readonly reject: (cause: unknown) => void;
};

/** The same store, whose renewals of leases go together in one write. Other changes go at once and alone. */
export function gatherRenewals(reports: ReportStore, clock: Clock): ReportStore {
  let waiting: Waiting[] = [];

  async function renewAll(): Promise<void> {
    await delay(gatherMs);
    const group = waiting;
    waiting = [];
    try {
      const changed = await reports.changeAll(
        group.map(({ renewal }) => renewal),
        clock.now(),
      );
      for (const [index, { resolve }] of group.entries()) resolve(changed[index]);
    } catch (cause) {
      for (const { reject } of group) reject(cause);
    }
  }

  return {
    ...reports,
    change(key, change, nowMs) {
      if (change.kind !== "renew") return reports.change(key, change, nowMs);
      const { promise, resolve, reject } = Promise.withResolvers<Changed | undefined>();
      waiting.push({ renewal: { key, change }, resolve, reject });
      if (waiting.length === 1) void renewAll();
      return promise;
    },
  };
}
