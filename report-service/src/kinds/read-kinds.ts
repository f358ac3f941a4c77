import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import type { KindBook, ReportKind } from "../model/kind.ts";
import type { KindName } from "../model/names.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import { parseKind } from "./parse-kind.ts";

/** The kinds in the `*.yaml` files of a directory, which may name other files in it; a problem's place starts with its file and, for syntax, its line. */
export async function readKinds(directory: string): Promise<Parsed<KindBook>> {
  const problems: Problem[] = [];
  const kinds = new Map<KindName, ReportKind>();
  const texts = await readTexts(directory);
  const files = [...texts.keys()].filter((file) => file.endsWith(".yaml")).sort();
  for (const file of files) {
    const kind = readKind(texts.get(file) ?? "", texts);
    if (!kind.ok) problems.push(...kind.problems.map(({ at, says }) => ({ at: `${file}:${at}`, says })));
    else if (kinds.has(kind.value.name)) problems.push({ at: file, says: `${kind.value.name} is in another file too` });
    else kinds.set(kind.value.name, kind.value);
  }
  if (files.length === 0) problems.push({ at: directory, says: "holds no *.yaml file, so no report can be asked for" });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: kinds };
}

/** By name; what is a file behind a symbolic link counts, and a folder does not: that of a mounted ConfigMap has links to both. */
async function readTexts(directory: string): Promise<ReadonlyMap<string, string>> {
  const texts = (await readdir(directory)).map(async (name) => {
    const path = join(directory, name);
    return (await stat(path)).isFile() ? ([[name, await readFile(path, "utf8")]] as const) : [];
  });
  return new Map((await Promise.all(texts)).flat());
}

function readKind(text: string, beside: ReadonlyMap<string, string>): Parsed<ReportKind> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (!error) return parseKind(document.toJS(), beside);
  const { line, col } = lines.linePos(error.pos[0]);
  return { ok: false, problems: [{ at: `${line}:${col}`, says: error.message }] };
}
