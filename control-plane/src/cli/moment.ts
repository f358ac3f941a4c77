import { CliError } from "./cli-error.ts";

/** A revision or a time that somebody names, as the API takes it. */
export type Moment = { readonly path: string; readonly revision: number | undefined };

const expected = "expected a revision (r41), a time (14:03, 2026-11-21T14:03:00Z), or how long ago (10m, 2h, 1d)";
const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `r41`, `14:03` (the last time it was that, here), `2026-11-21T14:03:00Z` or `10m` (ago). Throws for anything else. */
export function momentOf(text: string, now: Date = new Date()): Moment {
  const [, revision] = /^r?(\d{1,15})$/.exec(text) ?? [];
  if (revision !== undefined) return { path: `r${Number(revision)}`, revision: Number(revision) };
  const time = timeOf(text, now);
  if (!time || Number.isNaN(time.getTime())) throw new CliError(`"${text}" is no moment: ${expected}`);
  return { path: time.toISOString(), revision: undefined };
}

function timeOf(text: string, now: Date): Date | undefined {
  const [, count, unit = ""] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now.getTime() - Number(count) * (units[unit] ?? 0));
  const [, hours, minutes, seconds = "59"] = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  if (hours !== undefined && minutes !== undefined) {
    if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
    const today = new Date(now);
    // 14:03 means all of that minute: what was changed at 14:03:20 was so at 14:03.
    today.setHours(Number(hours), Number(minutes), Number(seconds), 999);
    if (today.getTime() - 60_000 > now.getTime()) today.setDate(today.getDate() - 1);
    return today;
  }
  return /^\d{4}-\d\d-\d\d([T ]|$)/.test(text) ? new Date(text) : undefined;
}
