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
  visit,
} from "yaml";
import type { Problem } from "../../lib/parsed.ts";
import { type Path, pathText, type Where } from "./path-text.ts";

/** One value of a YAML file (or of a JSON file: JSON is YAML), and where its parts stand in the text. */
export type YamlValue = { readonly value: unknown; readonly where: Where };

/** 4 MiB: over 20,000 endpoints. A larger file would stop the server from answering while it is read. */
export const maxFileBytes = 4 * 1024 * 1024;

/** A wrong indentation near the top makes every line after it wrong; the first of them are the ones to read. */
const maxSyntaxProblems = 10;

/**
 * Anchors and what repeats them, in one file. The parser takes time by the cube of their number: 5,000 that each repeat the one
 * before, 90 kB of text, take over ten seconds.
 */
const maxAnchors = 500;

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
  try {
    return read(text, file);
  } catch (cause) {
    // The parser calls itself for each level of nesting.
    if (!(cause instanceof RangeError)) throw cause;
    return { values: [], problems: [{ at: "", says: "is nested too deep", source: { file, line: 1, column: 1 } }] };
  }
}

function read(text: string, file: string): ReturnType<typeof readYaml> {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  // Its own search for keys that are there twice compares each with each: 20,000 in one map take seconds.
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: false } as const;
  const documents = parseAllDocuments(text, options);
  const values: YamlValue[] = [];
  const problems: Problem[] = [];
  const anchors = documents.map(anchorsIn).reduce((sum, each) => sum + each, 0);
  if (anchors > maxAnchors) {
    const says = `has ${anchors} anchors and aliases; at most ${maxAnchors} are read`;
    return { values, problems: [{ at: "", says, source: { file, line: 1, column: 1 } }] };
  }
  for (const document of documents) {
    const wrong = [...document.errors, ...document.warnings, ...wrongAliases(document), ...sameKeys(document)];
    // Each position once: one slip often gives several errors at the same place.
    const byPlace = new Map(wrong.map((each) => [each.pos[0], each] as const).reverse());
    const inOrder = [...byPlace].sort(([a], [b]) => a - b).slice(0, maxSyntaxProblems);
    for (const [offset, error] of inOrder)
      problems.push({ at: "", says: `not valid YAML: ${words(error, text)}`, source: place(offset) });
    // A field that is there twice does not hide what else is wrong.
    if (wrong.some(({ code }) => code !== "DUPLICATE_KEY")) continue;
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

type Slip = { readonly code: string; readonly message: string; readonly pos: readonly [number, number] };

function anchorsIn(document: Document.Parsed): number {
  let count = 0;
  visit(document, {
    Node(_, node) {
      if (isAlias(node) || node.anchor !== undefined) count += 1;
    },
  });
  return count;
}

/** Keys that stand in their map before. */
function sameKeys(document: Document.Parsed): Slip[] {
  const wrong: Slip[] = [];
  visit(document, {
    Map(_, { items }) {
      const known = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === "<<") continue;
        const [start = 0, end = 0] = key.range ?? [];
        if (known.has(key.value))
          wrong.push({ code: "DUPLICATE_KEY", message: "Map keys must be unique", pos: [start, end] });
        known.add(key.value);
      }
    },
  });
  return wrong;
}

/** Aliases that lead nowhere, or to what they stand in: a value without an end. */
function wrongAliases(document: Document.Parsed): Slip[] {
  const wrong: Slip[] = [];
  // An alias is of the last anchor of its name before it; each asking the document for it would go through all of it.
  const anchors = new Map<string, Node>();
  visit(document, {
    Node(_, node, parents) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return;
      }
      const target = anchors.get(node.source);
      if (target !== undefined && !parents.includes(target)) return;
      const problem = target === undefined ? "there is no anchor" : "it stands in what it repeats, anchor";
      const [start = 0, end = 0] = node.range ?? [];
      wrong.push({ code: "WRONG_ALIAS", message: `*${node.source}: ${problem} &${node.source}`, pos: [start, end] });
    },
  });
  return wrong;
}

function words({ code, message, pos }: Slip, text: string): string {
  if (code === "NON_STRING_KEY") return "expected text as the name of a field";
  if (code === "DUPLICATE_KEY")
    return `${/^[^\s:,\]}]+/.exec(text.slice(pos[0], pos[0] + 80))?.[0] ?? "a field"} is there twice`;
  return message;
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
