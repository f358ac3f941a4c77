import type { KindProgram } from "../model/kind.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import type { KindDocument } from "./kind-schema.ts";

type Spec = KindDocument["spec"];

/** What makes the rows of a kind, from its document or from the file beside it that the document names. */
export function parseProgram(name: string, spec: Spec, beside: ReadonlyMap<string, string>): Parsed<KindProgram> {
  return spec.runtime === "sql" ? parseQuery(spec, beside) : parseCode(name, spec.runtime, spec, beside);
}

function parseQuery(spec: Spec, beside: ReadonlyMap<string, string>): Parsed<KindProgram> {
  const problems: Problem[] = (["code", "codeFile", "columns"] as const)
    .filter((key) => spec[key] !== undefined)
    .map((key) => ({ at: `spec.${key}`, says: `is for javascript and python; a kind of runtime sql has a query` }));
  const text = textOf("query", spec, beside);
  if (!text.ok) return { ok: false, problems: [...problems, ...text.problems] };
  const declared = spec.parameters.properties ?? {};
  for (const used of parametersIn(text.value).filter((one) => !Object.hasOwn(declared, one))) {
    problems.push({ at: "spec.query", says: `uses $${used}, which spec.parameters.properties does not declare` });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { language: "sql", query: text.value.trim().replace(/;$/, "") } };
}

const extensions = { javascript: "js", python: "py" } as const;

function parseCode(
  name: string,
  language: Exclude<Spec["runtime"], "sql">,
  spec: Spec,
  beside: ReadonlyMap<string, string>,
): Parsed<KindProgram> {
  const problems: Problem[] = (["query", "queryFile"] as const)
    .filter((key) => spec[key] !== undefined)
    .map((key) => ({ at: `spec.${key}`, says: `is for runtime sql; a kind of runtime ${language} has code` }));
  const text = textOf("code", spec, beside);
  if (!text.ok) problems.push(...text.problems);
  const columns = Object.entries(spec.columns ?? {}).map(([column, type]) => ({ name: column, type }));
  if (columns.length === 0) problems.push({ at: "spec.columns", says: "is missing: what its rows hold, name: type" });
  // To DuckDB these are one.
  const names = columns.map((column) => column.name.toLowerCase());
  const twice = names.find((one, at) => names.indexOf(one) < at);
  if (twice !== undefined) problems.push({ at: "spec.columns", says: `has ${twice} twice` });
  if (!text.ok || problems.length > 0) return { ok: false, problems };
  const file = spec.codeFile ?? `${name}.${extensions[language]}`;
  return { ok: true, value: { language, code: text.value, file, columns } };
}

function textOf(key: "query" | "code", spec: Spec, beside: ReadonlyMap<string, string>): Parsed<string> {
  const [here, file] = [spec[key], spec[`${key}File`]];
  if ((here === undefined) === (file === undefined)) {
    return { ok: false, problems: [{ at: `spec.${key}`, says: `must be there, or else spec.${key}File` }] };
  }
  const text = here ?? beside.get(file ?? "");
  if (text !== undefined) return { ok: true, value: text };
  return { ok: false, problems: [{ at: `spec.${key}File`, says: `names ${file}, which is not beside the document` }] };
}

/** The names that a query binds; what looks like one inside a string literal is none. */
function parametersIn(query: string): readonly string[] {
  const code = query.replace(/'(?:[^']|'')*'/g, "''").replace(/--.*$/gm, "");
  return [...new Set([...code.matchAll(/\$([A-Za-z_]\w*)/g)].map((match) => match[1] ?? ""))];
}
