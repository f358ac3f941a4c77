import type { Problem } from "../../lib/parsed.ts";

export type Path = readonly (string | number)[];

/**
 * Says where a path of one document stands, for problems: its text and, where the document was read from a file, the line
 * and column of the value there (or of its key, for a field that should not be there at all).
 */
export type Where = (path: Path, part?: "key" | "value") => Pick<Problem, "at" | "source">;

/** For a document that is the only one asked about and was not read from a file. */
export const inDocument: Where = (path) => ({ at: pathText(path) });

/** `spec.rules[0].to["dc-a/z1"]`. */
export function pathText(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}
