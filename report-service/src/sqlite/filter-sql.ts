import { never } from "../model/never.ts";
import type { ReportFilter } from "../model/report-filter.ts";

/** A condition over `reports` and the values of its question marks. Names and values are bound, never pasted. */
export type Condition = { readonly sql: string; readonly values: readonly (string | number)[] };

const columns = { state: "state", kind: "kind", priority: "priority" } as const;

/** What `matchesFilter` says, in SQL. */
export function filterSql(filter: ReportFilter): Condition {
  switch (filter.kind) {
    case "all":
      return joined(filter.of, " and ", "true");
    case "any":
      return joined(filter.of, " or ", "false");
    case "not": {
      const { sql, values } = filterSql(filter.of);
      return { sql: `not ${sql}`, values };
    }
    case "text":
      return { sql: `${columns[filter.field]} ${filter.is} ?`, values: [filter.value] };
    case "created":
      return { sql: `created_ms ${filter.is} ?`, values: [filter.ms] };
    case "label": {
      // `is` and `is not` because a label that is not there is null, of which `=` would make neither true nor false.
      const path = `$.labels.${JSON.stringify(filter.name)}`;
      if (filter.value === undefined) {
        return { sql: `json_type(body, ?) is ${filter.is === "=" ? "not null" : "null"}`, values: [path] };
      }
      return { sql: `json_extract(body, ?) is ${filter.is === "=" ? "" : "not "}?`, values: [path, filter.value] };
    }
    default:
      return never(filter);
  }
}

function joined(filters: readonly ReportFilter[], by: string, none: string): Condition {
  if (filters.length === 0) return { sql: none, values: [] };
  const conditions = filters.map(filterSql);
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(by)})`,
    values: conditions.flatMap(({ values }) => values),
  };
}
