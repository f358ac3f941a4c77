import { contentHash } from "../model/content-key.ts";
import type { Json, JsonObject, ReportKind } from "../model/kind.ts";
import { parseKindId } from "../model/names.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import type { Format, Parameters } from "../model/report.ts";
import { type Check, compileSchema } from "./json-schema.ts";
import { type KindDocument, kindSchema } from "./kind-schema.ts";
import { parseProgram } from "./parse-program.ts";

let checkDocument: Check | undefined;

/**
 * A kind from its document, already parsed from YAML or JSON; `beside` are the texts of the files in its directory, by
 * name.
 */
export function parseKind(document: unknown, beside: ReadonlyMap<string, string> = new Map()): Parsed<ReportKind> {
  checkDocument ??= compileSchema(kindSchema);
  const problems = checkDocument(document);
  if (problems.length > 0) return { ok: false, problems };
  const { metadata, spec } = document as KindDocument;
  const name = parseKindId(metadata.name);
  if (!name) return { ok: false, problems: [{ at: "metadata.name", says: `"${metadata.name}" is no resource id` }] };

  // A parameter that the kind does not know is a typing mistake, unless the kind says otherwise.
  const parametersSchema = { additionalProperties: false, ...spec.parameters } as JsonObject;
  const program = parseProgram(name, spec, beside);
  const check = tryCompile(parametersSchema);
  if (!program.ok || !check.ok) return { ok: false, problems: [program, check].flatMap(problemsOf) };
  const inputs = spec.source.uploads ?? [];
  const twice = inputs.find(({ name }, at) => inputs.findIndex((other) => other.name === name) < at);
  if (twice) return { ok: false, problems: [{ at: "spec.source.uploads", says: `has ${twice.name} twice` }] };

  return {
    ok: true,
    value: {
      name,
      version: contentHash([
        ...[spec.title, program.value, inputs, spec.parameters as Json, spec.formats],
        spec.limits?.maxRows ?? null,
      ]),
      cluster: spec.runtime,
      title: spec.title,
      description: spec.description ?? "",
      parametersSchema,
      program: program.value,
      inputs,
      formats: spec.formats.map((format) => format.toLowerCase() as Format),
      limits: {
        timeoutMs: millisecondsOf(spec.limits?.timeout ?? "60s"),
        memory: spec.limits?.memory ?? "512MB",
        maxRows: spec.limits?.maxRows ?? 1_000_000,
        ...(spec.limits?.concurrencyPerTenant && { concurrencyPerTenant: spec.limits.concurrencyPerTenant }),
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

function problemsOf(parsed: Parsed<unknown>): readonly Problem[] {
  return parsed.ok ? [] : parsed.problems;
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function millisecondsOf(text: string): number {
  return Number.parseInt(text, 10) * (unitsMs[text.replace(/^\d+/, "")] ?? 1);
}
