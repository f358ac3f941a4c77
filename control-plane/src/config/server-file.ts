import { isMap, isNode, isPair, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Problem } from "../lib/parsed.ts";

export type Path = readonly (string | number)[];
export type Place = NonNullable<Problem["source"]>;

/** A server file as YAML has it, not yet looked at, and where in the text each of its keys stands. */
export type ServerFile = {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The place of the key, or of what is nearest around it. */
  place(path: Path): Place;
};

export function parseServerFile({ path: file, text }: { readonly path: string; readonly text: string }): ServerFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems = document.errors.map(
    (error): Problem => ({ at: "", says: error.message, source: placeOf(error.pos[0]) }),
  );
  return {
    value: problems.length > 0 ? undefined : document.toJS(),
    problems,
    place: (path) => placeOf(offsetOf(document.contents, path)),
  };
}

function offsetOf(root: unknown, path: Path): number {
  let at = 0;
  let node: unknown = root;
  if (isNode(node)) at = node.range?.[0] ?? 0;
  for (const step of path) {
    const key: unknown = isMap(node) ? keyNode(node.items, step) : undefined;
    node = isMap(node) ? node.get(step, true) : isSeq(node) ? node.get(step, true) : undefined;
    const found = isNode(key) ? key : isNode(node) ? node : undefined;
    if (!found) return at;
    at = found.range?.[0] ?? at;
  }
  return at;
}

function keyNode(items: readonly unknown[], step: string | number): Node | undefined {
  const pair = items.find((item) => isPair(item) && isNode(item.key) && item.key.toJSON() === step);
  return isPair(pair) && isNode(pair.key) ? pair.key : undefined;
}
