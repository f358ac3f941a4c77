import { isAlias, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { type Parsed, type Problem, refused } from "../../lib/parsed.ts";
import { parseEndpointList } from "../../model/endpoint-entry.ts";
import type { SourceName } from "../../model/names.ts";
import type { Endpoint } from "../../model/service.ts";

/** The endpoints of a YAML or JSON file: a list as under `static:`. Each problem has its line. */
export function parseEndpointFile(text: string, file: string, source: SourceName): Parsed<readonly Endpoint[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const placed = (problem: Problem, offset: number): Problem => {
    const { line, col } = lines.linePos(offset);
    return { ...problem, source: { file, line, column: col } };
  };
  if (document.errors.length > 0)
    return refused(...document.errors.map(({ message, pos }) => placed({ at: "", says: message }, pos[0])));

  let alias: Node | undefined;
  visit(document, {
    Alias(_, node) {
      alias ??= node;
    },
  });
  // A few lines of aliases of aliases make millions of entries; a list of endpoints needs none.
  if (alias)
    return refused(placed({ at: "", says: "aliases are not taken here: write it out" }, alias.range?.[0] ?? 0));

  const endpoints = parseEndpointList(document.toJS(), "", source);
  if (endpoints.ok) return endpoints;
  const offsetOf = (at: string): number => {
    for (let path = pathOf(at); path.length > 0; path = path.slice(0, -1)) {
      const node = document.getIn(path, true);
      if (isScalar(node) || isAlias(node)) return node.range?.[0] ?? 0;
      if (node && typeof node === "object" && "range" in node) return (node as Node).range?.[0] ?? 0;
    }
    return document.contents?.range?.[0] ?? 0;
  };
  return { ok: false, problems: endpoints.problems.map((problem) => placed(problem, offsetOf(problem.at))) };
}

/** `[3].metadata.version` -> 3, metadata, version. Good enough to find a line: keys with dots end at their parent. */
function pathOf(at: string): readonly (string | number)[] {
  return [...at.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) => (index ? Number(index) : (name ?? "")));
}
