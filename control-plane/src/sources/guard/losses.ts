import type { WhyHeld } from "../../model/why-held.ts";

export type Losses = {
  /** The region of each address that is believed, those included that are held back already. */
  readonly present: ReadonlyMap<string, string>;
  /** Addresses that no source of the service names any more. */
  readonly missing: ReadonlySet<string>;
  /** Of the present ones, those that are there only because they are held back. */
  readonly held: ReadonlySet<string>;
  /** The region of each address that went within the hold time. */
  readonly recent: ReadonlyMap<string, string>;
};

/**
 * Which of the missing ones are to be held back. Losses are measured against all that was there within the hold time, so that
 * many small ones count like a big one, and new endpoints make up for none. The loss of a single endpoint is an everyday thing
 * and believed, unless it is the last.
 */
export function lossesToHold(
  { present, missing, held, recent }: Losses,
  dropPercent: number,
): ReadonlyMap<string, WhyHeld> {
  const gone = new Set([...missing, ...held]);
  if (missing.size === 0) return new Map();
  if (present.keys().every((address) => gone.has(address))) return all(missing, "last");
  const known = new Map([...recent, ...present]);
  for (const address of recent.keys()) if (!present.has(address)) gone.add(address);
  if (isTooMany(gone.size, known.size, dropPercent)) return all(missing, "most");
  const inRegions = Map.groupBy(known, ([, region]) => region);
  const result = new Map<string, WhyHeld>();
  for (const members of inRegions.values()) {
    const lost = members.filter(([address]) => gone.has(address));
    if (!isTooMany(lost.length, members.length, dropPercent)) continue;
    const why = lost.length === members.length ? "data-center" : "most-of-data-center";
    for (const [address] of lost) if (missing.has(address)) result.set(address, why);
  }
  return result;
}

function isTooMany(lost: number, of: number, dropPercent: number): boolean {
  return lost > 1 && lost * 100 > of * dropPercent;
}

function all(missing: ReadonlySet<string>, why: WhyHeld): ReadonlyMap<string, WhyHeld> {
  return new Map([...missing].map((address) => [address, why]));
}
