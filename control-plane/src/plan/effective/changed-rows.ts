import type { EffectiveRow } from "./effective-on.ts";

/**
 * Those of the rows that a change is about. `paths` are of the document, `spec.rules[0].to.dc-a`; which entry of a list is not
 * looked at, since a plan calls entries by their names.
 */
export function changedRows(rows: readonly EffectiveRow[], paths: readonly string[]): readonly EffectiveRow[] {
  const changed = paths.map(anyEntry);
  return rows.filter(({ path }) => changed.some((each) => isAbout(each, anyEntry(`spec.${path}`))));
}

function anyEntry(path: string): string {
  return path.replaceAll(/\[[^\]]*\]/g, "[]");
}

/** Is one of them the other, or inside of it? */
function isAbout(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return long.startsWith(short) && /^([.[].*)?$/.test(long.slice(short.length));
}
