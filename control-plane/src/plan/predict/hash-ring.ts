import { xxHash64 } from "./xx-hash.ts";

/** Addresses and their weights, which add up to 1, or less where hosts are left out; and how many entries a ring may have. */
export type HashRing = {
  readonly weighted: readonly { readonly address: string; readonly weight: number }[];
  readonly minimum: number;
  readonly maximum: number;
};

/** `owner` is an index into the weighted addresses. */
type Entry = { readonly hash: bigint; readonly owner: number };

/**
 * The ring that Envoy and gRPC build, not in its order: each address takes as many entries, the hashes of `host:port_0`,
 * `host:port_1` …, as its weight asks of a ring in which the lightest has a whole number
 * (source/extensions/load_balancing_policies/ring_hash/ring_hash_lb.cc; gRFC A42).
 */
export function* ringEntries(ring: HashRing): Generator<Entry, void> {
  const scale = scaleOf(ring);
  let target = 0;
  let taken = 0;
  for (const [owner, { address, weight }] of ring.weighted.entries()) {
    target += scale * weight;
    for (let index = 0; taken < target; index += 1) {
      taken += 1;
      yield { hash: xxHash64(`${address}_${index}`), owner };
    }
  }
}

function scaleOf({ weighted, minimum, maximum }: HashRing): number {
  const lightest = weighted.reduce((least, { weight }) => Math.min(least, weight), 1);
  return Math.min(Math.ceil(lightest * minimum) / lightest, maximum);
}

const everyone = () => true;

/**
 * Who answers requests with this hash: the first entry at or after it, and around the ring. `isUsed` leaves entries to the
 * next one, as gRPC does with those that it has no connection to.
 */
export function ringOwner(
  ring: HashRing,
  hash: bigint,
  isUsed: (owner: number) => boolean = everyone,
): number | undefined {
  let next: Entry | undefined;
  let first: Entry | undefined;
  for (const entry of ringEntries(ring)) {
    if (!isUsed(entry.owner)) continue;
    if (entry.hash >= hash && (!next || entry.hash < next.hash)) next = entry;
    if (!first || entry.hash < first.hash) first = entry;
  }
  return (next ?? first)?.owner;
}

/** Larger ones are so even that shares are the weights, and would take seconds to make and sort. */
const largestMade = 65_536;

/** Whether who answers a single hash can be told at little cost. */
export function canTellOwner(ring: HashRing): boolean {
  return scaleOf(ring) <= largestMade;
}

const allHashes = 2 ** 64;

/** The part of all hashes that each owner answers. */
export function ringShares(ring: HashRing, isUsed: (owner: number) => boolean = everyone): readonly number[] {
  if (!canTellOwner(ring)) return sharesByWeight(ring, isUsed);
  const used = [...ringEntries(ring)].filter(({ owner }) => isUsed(owner));
  used.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
  const shares = ring.weighted.map(() => 0);
  let before = (used.at(-1)?.hash ?? 0n) - 2n ** 64n;
  for (const { hash, owner } of used) {
    shares[owner] = (shares[owner] ?? 0) + Number(hash - before) / allHashes;
    before = hash;
  }
  return shares;
}

function sharesByWeight({ weighted }: HashRing, isUsed: (owner: number) => boolean): readonly number[] {
  const weights = weighted.map(({ weight }, owner) => (isUsed(owner) ? weight : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (total === 0 ? 0 : weight / total));
}
