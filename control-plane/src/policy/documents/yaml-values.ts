import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "yaml";
import type { Problem } from "../../lib/parsed.ts";
import { type Path, pathText, type Where } from "./path-text.ts";

/** One value of a YAML file (or of a JSON file: JSON is YAML), and where its parts stand in the text. */
export type YamlValue = { readonly value: unknown; readonly where: Where };

/** 4 MiB: over 20,000 endpoints. A larger file would stop the server from answering while it is read. */
export const maxFileBytes = 4 * 1024 * 1024;

/** A wrong indentation near the top makes every line after it wrong; the first of them are the ones to read. */
const maxSyntaxProblems = 10;

/** The values of a file, separated by `---`; empty ones are left out. */
export function readYaml(
  text: string,
  file: string,
): { readonly values: readonly YamlValue[]; readonly problems: readonly Problem[] } {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxFileBytes) {
    const says = `the file has ${bytes} bytes; at most ${maxFileBytes} are read: divide it into several`;
    return { values: [], problems: [{ at: "", says, source: { file, line: 1, column: 1 } }] };
  }
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const values: YamlValue[] = [];
  const problems: Problem[] = [];
  for (const document of documents) {
    const wrong = [...document.errors, ...document.warnings];
    if (wrong.length > 0) {
      // Each position once: one slip often gives several errors at the same place.
      const byPlace = new Map(wrong.map(({ pos, message }) => [pos[0], message] as const).reverse());
      const inOrder = [...byPlace].sort(([a], [b]) => a - b);
      for (const [offset, message] of inOrder.slice(0, maxSyntaxProblems))
        problems.push({ at: "", says: `not valid YAML: ${message}`, source: place(offset) });
      continue;
    }
    const { contents } = document;
    if (contents === null || (isScalar(contents) && contents.value === null)) continue;
    const where: Where = (path, part) => ({
      at: pathText(path),
      source: place(offsetOf(document, path, part ?? "value")),
    });
    try {
      values.push({ value: document.toJS({ maxAliasCount: 100 }), where });
    } catch (cause) {
      const says = `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
      problems.push({ at: "", says, source: place(contents.range[0]) });
    }
  }
  return { values, problems };
}

/** Where the path's value (or key) begins; for what is missing, where the nearest thing around it begins. */
function offsetOf(document: Document.Parsed, path: Path, part: "key" | "value"): number {
  let here: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const [index, step] of path.entries()) {
    if (isAlias(here)) here = here.resolve(document);
    const next = childOf(here, step);
    if (next === undefined) return offset;
    const wanted = index === path.length - 1 && part === "key" ? next.key : (next.value ?? next.key);
    offset = wanted?.range?.[0] ?? next.key?.range?.[0] ?? offset;
    here = next.value;
  }
  return offset;
}

function childOf(
  parent: unknown,
  step: string | number,
): { readonly key: Node | undefined; readonly value: Node | undefined } | undefined {
  if (isSeq(parent) && typeof step === "number") {
    const item = nodeOf(parent.items[step]);
    return item && { key: item, value: item };
  }
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair && { key: nodeOf(pair.key), value: nodeOf(pair.value) };
}

function nodeOf(value: unknown): Node | undefined {
  return isNode(value) ? value : undefined;
}
