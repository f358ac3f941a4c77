import { isJsonObject } from "./plain-json.ts";

const longest = 80;

/** A value as messages quote it: short, on one line. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (isJsonObject(value)) return "fields of its own";
  // JSON has no NaN and no Infinity.
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
