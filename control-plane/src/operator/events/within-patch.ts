export type Members = Readonly<Record<string, unknown>>;

/**
 * What may be told member by member, now one and then another; all else is told whole or not at all, as it would make no sense
 * in part.
 */
const divisible: ReadonlySet<string> = new Set([
  ...["traffic", "traffic/services", "clients", "clients/groups", "clients/troubled"],
  ...["sources", "guard", "guard/held", "guard/refused", "shifts"],
]);

/**
 * Of a patch (RFC 7396) of the overview as much as takes no more bytes as JSON; at least one member. `turn`, from 0 to below 1,
 * is how far into each object it begins, so that each member has its turn.
 */
export function withinPatch(
  patch: Members,
  bytes: number,
  turn: number,
): { readonly kept: Members; readonly isWhole: boolean } {
  if (sizeOf(patch) <= bytes) return { kept: patch, isWhole: true };
  let left = bytes;
  let isEmpty = true;
  const take = (members: Members, path: string): Members => {
    const kept: Record<string, unknown> = {};
    for (const [name, value] of turned(Object.entries(members), turn)) {
      const size = sizeOf(name) + sizeOf(value) + 2;
      const here = path === "" ? name : `${path}/${name}`;
      const isDivisible = divisible.has(here) && isMembers(value);
      if (size <= left || (isEmpty && !isDivisible)) {
        kept[name] = value;
        left -= size;
        isEmpty = false;
      } else if (isDivisible) {
        const some = take(value, here);
        if (Object.keys(some).length > 0) kept[name] = some;
      }
    }
    return kept;
  };
  return { kept: take(patch, ""), isWhole: false };
}

function turned<T>(all: readonly T[], turn: number): readonly T[] {
  const at = Math.floor(turn * all.length);
  return [...all.slice(at), ...all.slice(0, at)];
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
