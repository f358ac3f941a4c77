import type { Path } from "./path-text.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** A document is at most 8 deep; what goes deeper is no document, and recursion over it must end. */
const maxDepth = 24;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value that `path` leads to; undefined where nothing stands. Never reaches into prototypes. */
export function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}

/**
 * What in a value is not plain JSON, or is not safe to hand on: `__proto__` (which sets a prototype
 * where code copies keys), text that UTF-8 cannot hold, bottomless nesting. Empty for plain JSON.
 */
export function notPlain(
  value: unknown,
  path: Path = [],
  above: readonly unknown[] = [],
): { readonly path: Path; readonly says: string }[] {
  if (path.length > maxDepth) return [{ path, says: `is nested more than ${maxDepth} deep; no document is` }];
  // NaN and the infinities, which YAML has, are left to the schemas: they fit no field.
  if (value === null || typeof value === "boolean" || typeof value === "number") return [];
  if (typeof value === "string") return value.isWellFormed() ? [] : [{ path, says: "is not valid Unicode text" }];
  if (typeof value !== "object") return [{ path, says: `expected plain JSON, not a ${typeof value}` }];
  if (above.includes(value)) return [{ path, says: "holds itself" }];
  const around = [...above, value];
  if (Array.isArray(value)) return value.flatMap((item, index) => notPlain(item, [...path, index], around));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return [{ path, says: "expected plain JSON" }];
  return Object.entries(value).flatMap(([key, item]) => {
    const at = [...path, key];
    if (key === "__proto__") return [{ path: at, says: "may not be used as a name" }];
    if (!key.isWellFormed()) return [{ path: at, says: "is not valid Unicode text" }];
    return notPlain(item, at, around);
  });
}

/** The same text for the same content, however its keys are ordered. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${fields.join(",")}}`;
}
