import type { KindName } from "./names.ts";
import type { Parsed } from "./parsed.ts";
import type { Format, Parameters } from "./report.ts";

/** A value as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** What a kind is written in; the reports of each language are made by a worker cluster of that name. */
export type Language = "sql" | "javascript" | "python";
export const languages: readonly Language[] = ["sql", "javascript", "python"];

/** What the values of a column are; `decimal(12,2)` has twelve digits, two of them after the point. */
export type ColumnType =
  | "text"
  | "integer"
  | "number"
  | "boolean"
  | "date"
  | "timestamp"
  | `decimal(${number},${number})`;
export type KindColumn = { readonly name: string; readonly type: ColumnType };

/** What makes the rows of a kind. */
export type KindProgram =
  /** One SQL statement that selects; parameters stand in it as `$name` and are bound, never pasted. */
  | { readonly language: "sql"; readonly query: string }
  /** A function `report(parameters, rows)` whose rows are of these columns; `file` is what errors call the code. */
  | {
      readonly language: "javascript" | "python";
      readonly code: string;
      readonly file: string;
      readonly columns: readonly KindColumn[];
    };

/** An upload that a kind reads as a table of this name; a create gives one for each, in this order. */
export type KindInput = { readonly name: string; readonly mediaTypes: readonly InputMediaType[] };
export type InputMediaType =
  | "text/csv"
  | "application/json"
  | "application/x-ndjson"
  | "application/vnd.apache.parquet";

/** A report that can be asked for: what its document under `kinds/` says. */
export type ReportKind = {
  readonly name: KindName;
  /** Equal for documents that make equal reports of equal parameters: a hash of all that matters to them. */
  readonly version: string;
  /** The worker cluster that makes its reports. */
  readonly cluster: Language;
  readonly title: string;
  readonly description: string;
  /** JSON Schema draft 7 of the parameters. */
  readonly parametersSchema: JsonObject;
  readonly program: KindProgram;
  readonly inputs: readonly KindInput[];
  readonly formats: readonly Format[];
  readonly limits: {
    readonly timeoutMs: number;
    /** As DuckDB writes it: `256MB`, of 1,000,000 bytes each. */
    readonly memory: string;
    readonly maxRows: number;
    /** Reports of this kind that one tenant may have running at once; absent: as many as it may have of all kinds. */
    readonly concurrencyPerTenant?: number;
  };
  /** The names of the parameters that are encrypted where they are stored, and never given out. */
  readonly sensitive: readonly string[];
  /** How old an identical report may be that answers a create; absent: none does, unless the create asks for it. */
  readonly reuseMaxAgeMs?: number;
  /** How long an ended report is kept, where this is not left to the server. */
  readonly retentionMs?: number;
  /** The parameters with the schema's defaults filled in, or every violation. */
  readonly parseParameters: (given: JsonObject) => Parsed<Parameters>;
};

/** Every kind that can be asked for. */
export type KindBook = ReadonlyMap<KindName, ReportKind>;
