import { slotMs, type Tally } from "../ledger.ts";
import type { Failure, LoadReport } from "./load-report.ts";
import type { Language } from "./ordered-report.ts";

/** Counts what a load process did, from one report to the next. */
export type Recorder = {
  begun(): void;
  inFlight(): number;
  ended(request: Failure): void;
  reportCreated(): void;
  reportEnded(succeeded: boolean, language: Language): void;
  /** What happened since the last call. */
  take(): LoadReport;
};

const keptFailures = 20;

export function createRecorder(): Recorder {
  let tallies = new Map<string, Tally>();
  let failures: Failure[] = [];
  let [inFlight, created, failed] = [0, 0, 0];
  const succeeded = { SQL: 0, JavaScript: 0, Python: 0 };
  return {
    inFlight: () => inFlight,
    begun() {
      inFlight += 1;
    },
    ended(request) {
      inFlight -= 1;
      const { at, client, region, status } = request;
      const slot = Math.floor(at / slotMs) * slotMs;
      const key = `${slot} ${client} ${region} ${status}`;
      const count = (tallies.get(key)?.count ?? 0) + 1;
      tallies.set(key, { slot, client, region, status, count });
      if (status !== "OK" && failures.length < keptFailures) failures.push(request);
    },
    reportCreated() {
      created += 1;
    },
    reportEnded(isSuccess, language) {
      if (isSuccess) succeeded[language] += 1;
      else failed += 1;
    },
    take() {
      const report = {
        tallies: [...tallies.values()],
        failures,
        inFlight,
        created,
        succeeded: { ...succeeded },
        failed,
      };
      tallies = new Map();
      failures = [];
      return { kind: "load", ...report };
    },
  };
}
