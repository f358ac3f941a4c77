import { atMostEvery } from "../lib/at-most-every.ts";
import type { Progress, Report } from "../model/report.ts";
import type { Bulletin } from "../ports/bulletin.ts";
import type { Clock } from "../ports/clock.ts";
import type { ReportStore } from "../ports/report-store.ts";

// Every progress that is stored costs a write and wakes the watchers; short jobs need none.
const storedEveryMs = 500;
// Where a bulletin tells watchers of it, the store has it only for those who read a report once.
const toldEveryMs = 200;
const storedBesideEveryMs = 5_000;

/** Tells of the progress of one attempt; as often as the worker likes, since most of it is left out. */
export type TellProgress = (report: Report, attempt: number) => (progress: Progress) => void;

/** Without a bulletin, the store itself tells those who watch. */
export function createProgressTeller(reports: ReportStore, bulletin: Bulletin | undefined, clock: Clock): TellProgress {
  return (report, attempt) => {
    const store = atMostEvery(bulletin ? storedBesideEveryMs : storedEveryMs, (progress: Progress) => {
      // One progress that is not stored is no loss.
      reports.change(report, { kind: "progress", attempt, progress }, clock.now()).catch(() => undefined);
    });
    const tell = atMostEvery(toldEveryMs, (progress: Progress) => {
      bulletin?.tell(report, { kind: "progress", attempt, progress }).catch(() => undefined);
    });
    return (progress) => {
      store(progress);
      tell(progress);
    };
  };
}
