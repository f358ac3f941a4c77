import { contentHash } from "../model/content-key.ts";
import type { Json, JsonObject, ReportKind } from "../model/kind.ts";
import { parseKindId } from "../model/names.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import type { Format, Parameters } from "../model/report.ts";
import { type Check, compileSchema } from "./json-schema.ts";
import { type KindDocument, kindSchema } from "./kind-schema.ts";

let checkDocument: Check | undefined;

/** A kind from its document, already parsed from YAML or JSON. */
export function parseKind(document: unknown): Parsed<ReportKind> {
  checkDocument ??= compileSchema(kindSchema);
  const problems = checkDocument(document);
  if (problems.length > 0) return { ok: false, problems };
  const { metadata, spec } = document as KindDocument;
  const name = parseKindId(metadata.name);
  if (!name) return { ok: false, problems: [{ at: "metadata.name", says: `"${metadata.name}" is no resource id` }] };

  // A parameter that the kind does not know is a typing mistake, unless the kind says otherwise.
  const parametersSchema = { additionalProperties: false, ...spec.parameters } as JsonObject;
  const undeclared = parametersIn(spec.query).filter((used) => !Object.hasOwn(spec.parameters.properties ?? {}, used));
  if (undeclared.length > 0) return { ok: false, problems: undeclared.map(undeclaredProblem) };
  const check = tryCompile(parametersSchema);
  if (!check.ok) return check;

  return {
    ok: true,
    value: {
      name,
      version: contentHash([spec.query, spec.parameters as Json, spec.formats, spec.limits?.maxRows ?? null]),
      cluster: "sql",
      title: spec.title,
      description: spec.description ?? "",
      parametersSchema,
      query: spec.query.trim().replace(/;$/, ""),
      formats: spec.formats.map((format) => format.toLowerCase() as Format),
      limits: {
        timeoutMs: millisecondsOf(spec.limits?.timeout ?? "60s"),
        memory: spec.limits?.memory ?? "512MB",
        maxRows: spec.limits?.maxRows ?? 1_000_000,
      },
      sensitive: Object.entries(spec.parameters.properties ?? {}).flatMap(([own, { sensitive }]) =>
        sensitive ? [own] : [],
      ),
      ...(spec.reuse && { reuseMaxAgeMs: millisecondsOf(spec.reuse.maxAge) }),
      ...(spec.retention && { retentionMs: millisecondsOf(spec.retention) }),
      parseParameters: (value) => parseParameters(value, check.value),
    },
  };
}

function parseParameters(value: JsonObject, check: Check): Parsed<Parameters> {
  const filled = { ...value };
  const problems = check(filled);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: filled as Parameters };
}

function tryCompile(schema: JsonObject): Parsed<Check> {
  try {
    return { ok: true, value: compileSchema(schema) };
  } catch (cause) {
    return { ok: false, problems: [{ at: "spec.parameters", says: `is no JSON Schema: ${(cause as Error).message}` }] };
  }
}

/** The names that a query binds; what looks like one inside a string literal is none. */
function parametersIn(query: string): readonly string[] {
  const code = query.replace(/'(?:[^']|'')*'/g, "''").replace(/--.*$/gm, "");
  return [...new Set([...code.matchAll(/\$([A-Za-z_]\w*)/g)].map((match) => match[1] ?? ""))];
}

function undeclaredProblem(name: string): Problem {
  return { at: "spec.query", says: `uses $${name}, which spec.parameters.properties does not declare` };
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function millisecondsOf(text: string): number {
  return Number.parseInt(text, 10) * (unitsMs[text.replace(/^\d+/, "")] ?? 1);
}
