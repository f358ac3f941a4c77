import type { ReportClient } from "@weir/report-service/src/client.ts";
import type { Entry } from "./entry.ts";
import type { LedgerFile } from "./ledger-file.ts";

export type Placing = {
  readonly seed: number;
  readonly clients: readonly ReportClient[];
  readonly ledger: LedgerFile;
  /** What was written before this client started. */
  readonly before: readonly Entry[];
  /** Names of what was uploaded, by the request that is to read it. */
  readonly inputs: Map<string, string>;
  /** Whether JavaScript and Python are asked for, which take seconds to start; else SQL in their place. */
  readonly programs: boolean;
  readonly perSecond: number;
  /** Wall-clock times: no new requests after the first, and no more tries after the second. */
  readonly untilMs: number;
  readonly giveUpAtMs: number;
};

export const callMs = 3_000;

export function anyClient({ clients }: Placing): ReportClient {
  return clients[Math.floor(Math.random() * clients.length)] as ReportClient;
}

/** Before the next try, after so many. */
export function pauseMs(tries: number): number {
  return Math.min(1_000, 50 * 2 ** tries) * (0.5 + Math.random());
}
