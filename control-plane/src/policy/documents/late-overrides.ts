import type { Path } from "./path-text.ts";
import { isJsonObject, type JsonObject, valueAt } from "./plain-json.ts";

/**
 * How far ahead an override may end: 14 days. An exception that outlives the people who know of it is no exception, and a
 * timer of Node's holds no more than 24.8 days.
 */
export const longestOverrideMs = 14 * 86_400_000;

/** Where a document, not yet checked otherwise, has an exception that ends too late; this depends on the time it is written. */
export function lateOverrides(document: JsonObject, now: Date): { readonly path: Path; readonly says: string }[] {
  const overrides = valueAt(document, ["spec", "overrides"]);
  const places: readonly Path[] = [
    ["spec"],
    ...(Array.isArray(overrides) ? overrides.map((_, index) => ["spec", "overrides", index]) : []),
  ];
  return places.flatMap((place) => {
    const exception = valueAt(document, place);
    const text = isJsonObject(exception) ? exception["expireTime"] : undefined;
    const ends = typeof text === "string" ? Date.parse(text) : Number.NaN;
    if (!(ends > now.getTime() + longestOverrideMs)) return [];
    const says = `${String(text)} is more than 14 days ahead; an override is an exception: change the rules, or let it end sooner`;
    return [{ path: [...place, "expireTime"], says }];
  });
}
