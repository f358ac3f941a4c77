import type { JsonValue } from "@bufbuild/protobuf";
import type { Difference } from "./running.ts";

export const mostDifferences = 20;

/** Where two JSON values are apart, whatever the order of their keys; at most `mostDifferences`. */
export function jsonDifferences(wanted: JsonValue | undefined, running: JsonValue | undefined): readonly Difference[] {
  const found: Difference[] = [];
  compare("", wanted, running, found);
  return found;
}

function compare(
  path: string,
  wanted: JsonValue | undefined,
  running: JsonValue | undefined,
  found: Difference[],
): void {
  if (found.length >= mostDifferences || wanted === running) return;
  // What is secret is told by nobody.
  if (running === redacted) return;
  if (Array.isArray(wanted) && Array.isArray(running)) {
    for (let index = 0; index < Math.max(wanted.length, running.length); index++)
      compare(`${path}[${index}]`, wanted[index], running[index], found);
    return;
  }
  if (isObject(wanted) && isObject(running)) {
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(running)]))
      compare(path === "" ? key : `${path}.${key}`, wanted[key], running[key], found);
    return;
  }
  found.push({ path, wanted, running });
}

/** How Envoy's config dump shows what is sensitive. */
const redacted = "[redacted]";

function isObject(
  value: JsonValue | undefined,
): value is { readonly [key: string]: JsonValue } & Record<string, JsonValue> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
