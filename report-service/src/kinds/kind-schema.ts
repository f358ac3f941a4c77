import type { ColumnType, InputMediaType, KindInput, Language } from "../model/kind.ts";
import type { Format } from "../model/report.ts";

const inputMediaTypes: readonly InputMediaType[] = [
  ...(["text/csv", "application/json", "application/x-ndjson", "application/vnd.apache.parquet"] as const),
];
const fileBeside = { type: "string", pattern: "^[A-Za-z0-9_-][A-Za-z0-9._-]*$" } as const;

/** JSON Schema of a kind's document, the only place that says what may stand in one. */
export const kindSchema = {
  type: "object",
  required: ["apiVersion", "kind", "metadata", "spec"],
  additionalProperties: false,
  properties: {
    apiVersion: { const: "weir/v1alpha1" },
    kind: { const: "ReportKind" },
    metadata: {
      type: "object",
      required: ["name"],
      additionalProperties: false,
      properties: { name: { type: "string", pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" } },
    },
    spec: {
      type: "object",
      required: ["title", "runtime", "source", "parameters", "formats"],
      additionalProperties: false,
      properties: {
        title: { type: "string", minLength: 1 },
        description: { type: "string" },
        runtime: { enum: ["sql", "javascript", "python"] },
        source: {
          type: "object",
          required: ["sample"],
          additionalProperties: false,
          properties: {
            sample: { const: "sales" },
            uploads: {
              type: "array",
              minItems: 1,
              maxItems: 16,
              items: {
                type: "object",
                required: ["name", "mediaTypes"],
                additionalProperties: false,
                properties: {
                  name: { type: "string", pattern: "^[a-z][a-z0-9_]{0,62}$", not: { enum: ["sales", "result"] } },
                  mediaTypes: { type: "array", minItems: 1, uniqueItems: true, items: { enum: inputMediaTypes } },
                },
              },
            },
          },
        },
        parameters: {
          type: "object",
          required: ["type"],
          properties: {
            type: { const: "object" },
            properties: {
              type: "object",
              // DuckDB binds scalars; a schema that allows more is a mistake that would show only at run time.
              additionalProperties: {
                type: "object",
                properties: {
                  type: { enum: ["string", "number", "integer", "boolean"] },
                  // Ours, not JSON Schema's: encrypted where it is stored, and never given out.
                  sensitive: { type: "boolean" },
                },
                anyOf: [{ required: ["type"] }, { required: ["enum"] }, { required: ["const"] }],
              },
            },
          },
        },
        // One of these, as `parse-program` says; those with `File` name a file beside the document.
        query: { type: "string", minLength: 1 },
        queryFile: fileBeside,
        code: { type: "string", minLength: 1 },
        codeFile: fileBeside,
        columns: {
          type: "object",
          minProperties: 1,
          maxProperties: 256,
          additionalProperties: {
            type: "string",
            pattern:
              "^(text|integer|number|boolean|date|timestamp|decimal\\(([1-9]|[12]\\d|3[0-8]),([0-9]|[12]\\d|3[0-8])\\))$",
          },
        },
        formats: {
          type: "array",
          minItems: 1,
          uniqueItems: true,
          items: { enum: ["CSV", "JSON", "NDJSON", "PARQUET", "PDF", "XLSX"] },
        },
        reuse: {
          type: "object",
          required: ["maxAge"],
          additionalProperties: false,
          properties: { maxAge: { type: "string", pattern: "^[1-9][0-9]*(ms|s|m|h|d)$" } },
        },
        retention: { type: "string", pattern: "^[1-9][0-9]*(s|m|h|d)$" },
        limits: {
          type: "object",
          additionalProperties: false,
          properties: {
            timeout: { type: "string", pattern: "^[1-9][0-9]*(ms|s|m)$" },
            memory: { type: "string", pattern: "^[1-9][0-9]*(MB|GB)$" },
            maxRows: { type: "integer", minimum: 1 },
            concurrencyPerTenant: { type: "integer", minimum: 1 },
          },
        },
      },
    },
  },
} as const;

/** A document that `kindSchema` accepted. */
export type KindDocument = {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly title: string;
    readonly description?: string;
    readonly parameters: {
      readonly properties?: { readonly [name: string]: { readonly sensitive?: boolean } };
    };
    readonly runtime: Language;
    readonly source: { readonly uploads?: readonly KindInput[] };
    readonly query?: string;
    readonly queryFile?: string;
    readonly code?: string;
    readonly codeFile?: string;
    readonly columns?: Readonly<Record<string, ColumnType>>;
    readonly formats: readonly Uppercase<Format>[];
    readonly reuse?: { readonly maxAge: string };
    readonly retention?: string;
    readonly limits?: {
      readonly timeout?: string;
      readonly memory?: string;
      readonly maxRows?: number;
      readonly concurrencyPerTenant?: number;
    };
  };
};
