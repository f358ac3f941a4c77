import type { Column, Table } from "./columns.ts";
import { DoesNotFit } from "./does-not-fit.ts";

/** The formats that DuckDB writes by itself, in bounded memory. */
export type CopyFormat = "csv" | "json" | "ndjson" | "parquet";

const options: Readonly<Record<CopyFormat, string>> = {
  csv: "format csv, header true",
  json: "format json, array true",
  ndjson: "format json, array false",
  parquet: "format parquet, compression zstd",
};

/** Writes the rows of a table in their order. */
export async function copyRows(table: Table, format: CopyFormat, path: string): Promise<void> {
  const { connection, name, columns } = table;
  if (format === "json" || format === "ndjson") await refuseNestedNaN(table);
  const list = columns.map((column) => `${valueSql(column, format)} as ${column.quoted}`).join(", ");
  await connection.run(`copy (select ${list} from ${name}) to '${path.replaceAll("'", "''")}' (${options[format]})`);
}

function valueSql(column: Column, format: CopyFormat): string {
  switch (format) {
    case "parquet":
      return column.quoted;
    case "csv":
      return column.zoned ? column.textSql : column.quoted;
    case "json":
    case "ndjson":
      return column.jsonSql;
  }
}

// What DuckDB itself takes for valid JSON includes NaN, so it is looked for outside of strings.
const strings = String.raw`'"(\\.|[^"\\])*"'`;

async function refuseNestedNaN({ connection, name: table, columns }: Table): Promise<void> {
  for (const { name, quoted } of columns.filter(({ nestsFloats }) => nestsFloats)) {
    const bare = `regexp_replace(to_json(${quoted})::varchar, ${strings}, '', 'g')`;
    const found = await connection.runAndReadAll(
      `select 1 from ${table} where regexp_matches(${bare}, 'NaN|Infinity') limit 1`,
    );
    if (found.currentRowCount > 0) {
      const says = `JSON has no NaN or infinity, which "${name}" holds inside a list or struct`;
      throw new DoesNotFit("RENDER_FAILED", `${says}: use CSV or Parquet`);
    }
  }
}
