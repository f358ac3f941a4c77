import { badRequest } from "./api-error.ts";

export type Term = { readonly path: string; readonly not: boolean; readonly value: string; readonly begins: boolean };

const longest = 2_000;

/**
 * `name=report* AND spec.protocol!=TCP`: what all have to hold. A value may stand in double quotes; `*` at its end is any
 * rest; of a list one element suffices. Nothing more of https://google.aip.dev/160.
 */
export function parseFilter(text: string): readonly Term[] {
  if (text.trim() === "") return [];
  if (text.length > longest) throw wrong(`is longer than ${longest} characters`);
  return text.split(/\s+AND\s+/).map((term) => {
    const [, path, not, quoted, bare] = /^\s*([\w./-]+)\s*(!?)=\s*(?:"([^"]*)"|([^\s"]+))\s*$/.exec(term) ?? [];
    const value = quoted ?? bare;
    if (path === undefined || value === undefined)
      throw wrong(
        `cannot read ${JSON.stringify(term.slice(0, 80))}: expected path=value or path!=value, joined by AND`,
      );
    const begins = value.endsWith("*");
    return { path, not: not === "!", value: begins ? value.slice(0, -1) : value, begins };
  });
}

export function holdsAll(terms: readonly Term[], fields: unknown): boolean {
  return terms.every(({ path, not, value, begins }) => {
    const found = valuesAt(fields, path.split("."));
    return found.some((each) => (begins ? each.startsWith(value) : each === value)) !== not;
  });
}

/** Labels have dots in their names: each way to split the path counts. */
function valuesAt(value: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => valuesAt(each, path));
  if (path.length === 0) return ["string", "number", "boolean"].includes(typeof value) ? [String(value)] : [];
  if (typeof value !== "object" || value === null) return [];
  const members = value as Readonly<Record<string, unknown>>;
  return path.flatMap((_, index) => {
    const key = path.slice(0, index + 1).join(".");
    return Object.hasOwn(members, key) ? valuesAt(members[key], path.slice(index + 1)) : [];
  });
}

function wrong(says: string) {
  return badRequest("the request's query", [{ at: "filter", says }]);
}
