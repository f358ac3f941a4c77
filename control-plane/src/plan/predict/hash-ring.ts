import { byText } from "../../lib/order.ts";
import { xxHash64 } from "./xx-hash.ts";

export type RingSizes = { readonly minimum: number; readonly maximum: number };

/** Entries in the order of their hashes; `owner` is an index into the weighted addresses. */
export type HashRing = readonly { readonly hash: bigint; readonly owner: number }[];

/**
 * The ring that Envoy and gRPC build of addresses whose weights add up to 1 (or less, where some hosts are left out): each
 * takes as many entries, the hashes of `host:port_0`, `host:port_1` …, as its weight asks of a ring in which the lightest has
 * a whole number (source/extensions/load_balancing_policies/ring_hash/ring_hash_lb.cc; gRFC A42, "Ring Hash").
 */
export function hashRing(
  weighted: readonly { readonly address: string; readonly weight: number }[],
  { minimum, maximum }: RingSizes,
): HashRing {
  const lightest = Math.min(1, ...weighted.map(({ weight }) => weight));
  const scale = Math.min(Math.ceil(lightest * minimum) / lightest, maximum);
  const ring: { hash: bigint; owner: number }[] = [];
  let target = 0;
  for (const [owner, { address, weight }] of weighted.entries()) {
    target += scale * weight;
    for (let index = 0; ring.length < target; index += 1) ring.push({ hash: xxHash64(`${address}_${index}`), owner });
  }
  return ring.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : byText(`${a.owner}`, `${b.owner}`)));
}

/** Who answers a request with this hash: the first entry that is used at or after it, and around the ring. */
export function ownerOf(
  ring: HashRing,
  hash: bigint,
  isUsed: (owner: number) => boolean = () => true,
): number | undefined {
  const used = ring.filter(({ owner }) => isUsed(owner));
  return (used.find((entry) => entry.hash >= hash) ?? used[0])?.owner;
}

/** The shares of so many owners when one has all. */
export function allOf(owner: number | undefined, owners: number): readonly number[] {
  return Array.from({ length: owners }, (_, index) => (index === owner ? 1 : 0));
}

const allHashes = 2 ** 64;

/**
 * The part of all hashes that each owner answers. `isUsed` leaves entries to the next one on the ring, as gRPC does with
 * those it has no connection to (gRFC A42).
 */
export function ringShares(
  ring: HashRing,
  owners: number,
  isUsed: (owner: number) => boolean = () => true,
): readonly number[] {
  const shares = new Array<number>(owners).fill(0);
  const used = ring.filter(({ owner }) => isUsed(owner));
  const last = used.at(-1);
  if (!last) return shares;
  let before = last.hash - 2n ** 64n;
  for (const { hash, owner } of used) {
    shares[owner] = (shares[owner] ?? 0) + Number(hash - before) / allHashes;
    before = hash;
  }
  return shares;
}
