import type { KindName } from "./names.ts";
import type { Parsed } from "./parsed.ts";
import type { Format, Parameters, WorkerCluster } from "./report.ts";

/** A value as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** A report that can be asked for: what its document under `kinds/` says. */
export type ReportKind = {
  readonly name: KindName;
  /** Equal for documents that make equal reports of equal parameters: a hash of all that matters to them. */
  readonly version: string;
  /** The worker cluster that makes its reports. */
  readonly cluster: WorkerCluster;
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
