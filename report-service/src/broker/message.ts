import { parseReportName, reportName } from "../model/names.ts";
import type { Parsed } from "../model/parsed.ts";
import type { Lane, Waiting } from "../ports/outbox.ts";

/** The body of a message: `{"report":"tenants/acme/reports/dc-a-01…"}`. Of which lane it is, says where it was found. */
export function messageOf(waiting: Waiting): string {
  return JSON.stringify({ report: reportName(waiting) });
}

/** Whoever may write to the broker decides what is in there, so it is checked as any other input. */
export function parseMessage(text: string, { cluster, priority }: Lane): Parsed<Waiting> {
  const name = nameIn(text);
  const key = name === undefined ? undefined : parseReportName(name);
  if (key) return { ok: true, value: { ...key, cluster, priority } };
  return { ok: false, problems: [{ at: "report", says: `"${text.slice(0, 200)}" names no report` }] };
}

function nameIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const name = value && typeof value === "object" && "report" in value ? value.report : undefined;
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}
