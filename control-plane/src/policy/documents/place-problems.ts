import type { Problem } from "../../lib/parsed.ts";
import type { Path } from "./path-text.ts";
import type { YamlValue } from "./yaml-values.ts";

/**
 * Adds to problems of a list of documents where in their texts they stand. The API tells them as `documents[2].spec.rules[0]`,
 * or without the beginning when there is one document only. A problem with something else stays as it is.
 */
export function placeProblems(problems: readonly Problem[], values: readonly YamlValue[]): readonly Problem[] {
  return problems.map((problem) => {
    const path = pathOfText(problem.at);
    const [first, index] = path;
    const isListed = first === "documents" && typeof index === "number";
    const value = isListed ? values[index] : values.length === 1 ? values[0] : undefined;
    if (!value || problem.source) return problem;
    // For a field that should not be there, the key's place is right; for a value it differs by a few columns.
    return { ...problem, ...value.where(isListed ? path.slice(2) : path) };
  });
}

/** What `pathText` made: `spec.rules[0].to["dc-a/z1"]`. */
export function pathOfText(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(([, index, quoted, plain]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (plain ?? "") : (JSON.parse(`"${quoted}"`) as string);
  });
}
