import type { Report } from "../model/report.ts";

/** Changes whenever a report does that a client may see: https://google.aip.dev/154. */
export function etagOf({ sequence }: Report): string {
  return `"${sequence}"`;
}

/** The sequence that an etag stands for; -1, which no report has, where it is none of ours; undefined for no etag. */
export function sequenceOf(etag: string): number | undefined {
  if (etag === "") return undefined;
  return /^"\d{1,15}"$/.test(etag) ? Number(etag.slice(1, -1)) : -1;
}
