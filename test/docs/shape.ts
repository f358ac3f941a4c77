/** Whether something printed looks as documented: the same words in the same places, whatever the numbers. */
export function missingLines(documented: readonly string[], printed: string): readonly string[] {
  const lines = printed.split("\n").map(shapeOfLine);
  return documented.filter((line) => {
    if (line.trim() === "" || line.trim() === "…") return false;
    const shape = shapeOfLine(line);
    const pattern = new RegExp(`^${shape.split("…").map(escaped).join(".*")}$`);
    return !lines.some((each) => pattern.test(each));
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^$()|[\]{}\\]/g, "\\$&");
}

// Order counts: a time has numbers in it, an age is a number with a unit.
const loose: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME"],
  [/\b(r\d+|shift)-[0-9a-f]{8}\b/g, "ID"],
  [/█+/g, ""],
  [/\b\d+(\.\d+)?/g, "#"],
  [/#(ms|s|m|h|d)(#(ms|s|m|h|d)|\d+(ms|s|m|h))*/g, "AGE"],
  [/(?<=\s)-(?=\s|$)/g, "#"],
  [/\s+/g, " "],
];

function shapeOfLine(line: string): string {
  return loose.reduce((text, [what, by]) => text.replace(what, by), line).trim();
}

/** Where JSON differs from the documented one in keys or types of values; it may have more. */
export function jsonDifferences(documented: unknown, got: unknown, at = "$"): readonly string[] {
  if (Array.isArray(documented)) {
    if (!Array.isArray(got)) return [`${at} is no list`];
    return documented.flatMap((wanted, index) => {
      const tries = got.map((each) => jsonDifferences(wanted, each, `${at}[${index}]`));
      if (tries.some((differences) => differences.length === 0)) return [];
      return tries[0] ?? [`${at} is empty`];
    });
  }
  if (typeof documented === "object" && documented !== null) {
    if (typeof got !== "object" || got === null) return [`${at} is no object`];
    const has = new Map(Object.entries(got));
    return Object.entries(documented).flatMap(([key, value]) =>
      has.has(key) ? jsonDifferences(value, has.get(key), `${at}.${key}`) : [`${at}.${key} is missing`],
    );
  }
  return typeof documented === typeof got ? [] : [`${at} is ${typeof got}, documented as ${typeof documented}`];
}

/** JSON as pages show it, where `…` stands for more of the same. */
export function documentedJson(text: string): unknown {
  return JSON.parse(text.replaceAll(/,?\s*…/g, ""));
}
