import { never } from "./never.ts";
import type { Report } from "./report.ts";

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** Which reports a list holds: the tree of a parsed https://google.aip.dev/160 filter. */
export type ReportFilter =
  | { readonly kind: "all"; readonly of: readonly ReportFilter[] }
  | { readonly kind: "any"; readonly of: readonly ReportFilter[] }
  | { readonly kind: "not"; readonly of: ReportFilter }
  | {
      readonly kind: "text";
      readonly field: "state" | "kind" | "priority";
      readonly is: "=" | "!=";
      readonly value: string;
    }
  | { readonly kind: "created"; readonly is: Comparison; readonly ms: number }
  /** `value` absent: there is such a label. */
  | { readonly kind: "label"; readonly name: string; readonly is: "=" | "!="; readonly value?: string };

/** Everything. */
export const anyReportFilter: ReportFilter = { kind: "all", of: [] };

/** Whether it is seen at once that a filter passes over no report. */
export function isPlain(filter: ReportFilter): boolean {
  return filter.kind === "all" && filter.of.length === 0;
}

/** What a provider's SQL must agree with. A label that is not there equals nothing, and differs from everything. */
export function matchesFilter(report: Report, filter: ReportFilter): boolean {
  switch (filter.kind) {
    case "all":
      return filter.of.every((one) => matchesFilter(report, one));
    case "any":
      return filter.of.some((one) => matchesFilter(report, one));
    case "not":
      return !matchesFilter(report, filter.of);
    case "text": {
      const value = filter.field === "state" ? report.status.kind : report[filter.field];
      return (value === filter.value) === (filter.is === "=");
    }
    case "created":
      return compare(report.createdAtMs, filter.is, filter.ms);
    case "label": {
      const value = Object.hasOwn(report.labels, filter.name) ? report.labels[filter.name] : undefined;
      const holds = filter.value === undefined ? value !== undefined : value === filter.value;
      return holds === (filter.is === "=");
    }
    default:
      return never(filter);
  }
}

function compare(left: number, is: Comparison, right: number): boolean {
  switch (is) {
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    default:
      return never(is);
  }
}
