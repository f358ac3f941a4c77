import { setTimeout as delay } from "node:timers/promises";
import { type Changed, changeReport, type ReportChange } from "../model/change-report.ts";
import type { ReportKey } from "../model/names.ts";
import type { ReportRows } from "./report-rows.ts";

/** As often as two may be in each other's way; then something is wrong with the store. */
const mostTries = 100;

/** Applies `changeReport` to what is stored, again where somebody else was faster; undefined where there is no such report. */
export async function changeReportIn(
  rows: ReportRows,
  key: ReportKey,
  change: ReportChange,
  nowMs: number,
): Promise<Changed | undefined> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const before = await rows.read(key);
    if (!before) return undefined;
    const after = changeReport(before.report, change, nowMs);
    if (after.kind === "refused" || (await rows.replace(before, after.report, nowMs))) return after;
    await delay(Math.random() * Math.min(50, 2 ** tries));
  }
  throw new Error(`${key.tenant}/${key.id} was changed by others ${mostTries} times while this change was being made`);
}
