/**
 * What makes one JSON value of another (RFC 7396): members that are new or other, null for those that are gone; lists are
 * replaced whole. Undefined when both are the same. Neither may hold null, which here means "gone".
 */
export function mergePatch(before: unknown, after: unknown): unknown {
  if (!isMembers(before) || !isMembers(after)) return isSame(before, after) ? undefined : after;
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const change = mergePatch(before[name], value);
    if (change !== undefined) patch[name] = change;
  }
  for (const name of Object.keys(before))
    if (before[name] !== undefined && after[name] === undefined) patch[name] = null;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** A value as the patch makes it; what the patch does not name is the same object as before. */
export function patched(before: unknown, patch: unknown): unknown {
  if (!isMembers(patch)) return patch;
  const next: Record<string, unknown> = isMembers(before) ? { ...before } : {};
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete next[name];
    else next[name] = patched(next[name], change);
  }
  return next;
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Lists and what is no object. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));
}
