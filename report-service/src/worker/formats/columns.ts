import { type DuckDBConnection, DuckDBDecimalType, type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";

/** What a column's values are to somebody who reads them. `exact`: integers and decimals, of any length. */
export type ColumnKind =
  | { readonly kind: "text" | "boolean" | "date" | "moment" | "float" }
  | { readonly kind: "exact"; readonly decimals: number };

export type Column = ColumnKind & {
  readonly name: string;
  /** The name as it stands in SQL. */
  readonly quoted: string;
  /** Moments with a time zone, which DuckDB writes in that of its session: the machine's unless somebody says otherwise. */
  readonly zoned: boolean;
  /** Reads the column as DuckDB writes its values, the same on every machine. */
  readonly textSql: string;
  /** The same as JSON; the text "NaN" or "Infinity" where JSON has no such number. */
  readonly jsonSql: string;
  /** Holds floats inside lists or structs. */
  readonly nestsFloats: boolean;
};

/** A table that is written in some format. */
export type Table = {
  readonly connection: DuckDBConnection;
  /** As it stands in SQL. */
  readonly name: string;
  readonly rows: number;
  /** In their order. */
  readonly columns: readonly Column[];
};

/** A table of so many rows. */
export async function openTable(connection: DuckDBConnection, name: string, rows: number): Promise<Table> {
  const result = await connection.run(`from ${name} limit 0`);
  const types = result.columnTypes();
  const columns = result.columnNames().map((column, index) => columnOf(column, types[index]));
  return { connection, name, rows, columns };
}

function columnOf(name: string, type: DuckDBType | undefined): Column {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const kind = kindOf(type);
  const zoned = type?.typeId === DuckDBTypeId.TIMESTAMP_TZ;
  const textSql = zoned ? `(${quoted} at time zone 'UTC')::varchar || '+00'` : `${quoted}::varchar`;
  return {
    name,
    quoted,
    zoned,
    ...kind,
    textSql,
    jsonSql: jsonSql(quoted, textSql, kind, zoned),
    nestsFloats: nestsFloats(type),
  };
}

function jsonSql(quoted: string, textSql: string, { kind }: ColumnKind, zoned: boolean): string {
  if (zoned) return textSql;
  if (kind !== "float") return quoted;
  // DuckDB writes NaN and Infinity as they are, which no reader of JSON takes (seen with 1.5.6). These names are those
  // of protobuf's JSON.
  const named = `case when isnan(${quoted}) then 'NaN' when ${quoted} > 0 then 'Infinity' else '-Infinity' end`;
  return `case when isfinite(${quoted}) then to_json(${quoted}) else to_json(${named}) end`;
}

function kindOf(type: DuckDBType | undefined): ColumnKind {
  if (type instanceof DuckDBDecimalType) return { kind: "exact", decimals: type.scale };
  switch (type?.typeId) {
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.UHUGEINT:
      return { kind: "exact", decimals: 0 };
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return { kind: "float" };
    case DuckDBTypeId.BOOLEAN:
      return { kind: "boolean" };
    case DuckDBTypeId.DATE:
      return { kind: "date" };
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return { kind: "moment" };
    default:
      return { kind: "text" };
  }
}

function nestsFloats(type: DuckDBType | undefined): boolean {
  const plain = type?.typeId === DuckDBTypeId.FLOAT || type?.typeId === DuckDBTypeId.DOUBLE;
  return !plain && /\b(FLOAT|DOUBLE)\b/.test(String(type));
}
