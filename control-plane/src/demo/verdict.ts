import { type Outcome, shareOf } from "./ledger.ts";
import { shareInterval } from "./share-interval.ts";

/** Whether a client's requests went as they should, in words that show the numbers. */
export type Verdict = { readonly ok: boolean; readonly says: string };

/** Regions and their shares, 0 to 1; they add up to 1. */
export type Shares = ReadonlyMap<string, number>;

/** Are all requests answered, each region's number within the 99.9 % interval of its share, and no other region among them? */
export function sharesVerdict(client: string, outcome: Outcome, shares: Shares): Verdict {
  const problems: string[] = [];
  const parts: string[] = [];
  if (outcome.errors > 0) problems.push(`${outcome.errors} failed`);
  const answered = outcome.ok;
  for (const [region, share] of shares) {
    const { low, high } = shareInterval(answered, share);
    const { ok = 0 } = outcome.regions.get(region) ?? {};
    parts.push(`${region} ${(shareOf(outcome, region) * 100).toFixed(1)} %`);
    if (ok < low || ok > high) problems.push(`${region} answered ${ok} of ${answered}, expected ${low} to ${high}`);
  }
  for (const [region, { ok }] of outcome.regions)
    if (ok > 0 && !shares.has(region))
      problems.push(`${region === "" ? "a server of unknown place" : region} answered ${ok}, expected none`);
  return verdict(client, [...parts, `of ${answered}`].join(" "), problems);
}

/** Are all requests answered, and by these regions only, however many by each? */
export function answeredBy(client: string, outcome: Outcome, regions: readonly string[]): Verdict {
  const problems = outcome.errors > 0 ? [`${outcome.errors} of ${outcome.ok + outcome.errors} failed`] : [];
  const parts: string[] = [];
  for (const [region, { ok }] of [...outcome.regions].sort()) {
    if (ok === 0) continue;
    parts.push(`${region} ${ok}`);
    if (!regions.includes(region))
      problems.push(`${region || "a server of unknown place"} answered ${ok}, expected none`);
  }
  return verdict(client, parts.join(" "), problems);
}

function verdict(client: string, seen: string, problems: readonly string[]): Verdict {
  return {
    ok: problems.length === 0,
    says: `${client}: ${problems.length === 0 ? seen : `${problems.join(", ")} (${seen})`}`,
  };
}
