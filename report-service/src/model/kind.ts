import type { KindName } from "./names.ts";
import type { Parsed } from "./parsed.ts";
import type { Format, Parameters } from "./report.ts";

/** A value as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** A report that can be asked for: what its document under `kinds/` says. */
export type ReportKind = {
  readonly name: KindName;
  readonly title: string;
  readonly description: string;
  /** JSON Schema draft 7 of the parameters. */
  readonly parametersSchema: JsonObject;
  /** One SQL statement that selects; parameters stand in it as `$name` and are bound, never pasted. */
  readonly query: string;
  readonly formats: readonly Format[];
  readonly limits: {
    readonly timeoutMs: number;
    /** As DuckDB writes it: `256MB`. */
    readonly memory: string;
    readonly maxRows: number;
  };
  /** The parameters with the schema's defaults filled in, or every violation. */
  readonly parseParameters: (given: JsonObject) => Parsed<Parameters>;
};

/** Every kind that can be asked for. */
export type KindBook = ReadonlyMap<KindName, ReportKind>;
