import { never } from "../model/never.ts";
import type { ReportFilter } from "../model/report-filter.ts";
import type { Value } from "./database.ts";

const columns = { state: "state", kind: "kind", priority: "priority" } as const;

/** What `matchesFilter` says, as a condition over `reports`. Names and values are bound: they are added to `values`. */
export function filterSql(filter: ReportFilter, values: Value[]): string {
  const bound = (value: Value) => `$${values.push(value)}`;
  switch (filter.kind) {
    case "all":
      return joined(filter.of, " and ", "true", values);
    case "any":
      return joined(filter.of, " or ", "false", values);
    case "not":
      return `not ${filterSql(filter.of, values)}`;
    case "text":
      return `${columns[filter.field]} ${filter.is} ${bound(filter.value)}`;
    case "created":
      return `created_ms ${filter.is} ${bound(filter.ms)}`;
    case "label": {
      if (filter.value === undefined) return `${filter.is === "=" ? "" : "not "}(labels ? ${bound(filter.name)})`;
      // `distinct` because a label that is not there is null, of which `=` would make neither true nor false.
      const differs = filter.is === "=" ? "is not distinct from" : "is distinct from";
      return `(labels ->> ${bound(filter.name)}) ${differs} ${bound(filter.value)}`;
    }
    default:
      return never(filter);
  }
}

function joined(filters: readonly ReportFilter[], by: string, none: string, values: Value[]): string {
  return filters.length === 0 ? none : `(${filters.map((one) => filterSql(one, values)).join(by)})`;
}
