import { byText } from "../../lib/order.ts";
import { xxHash64 } from "./xx-hash.ts";

/** Envoy's default; always a prime. */
export const maglevTableSize = 65_537;

/** Larger ones are as even as the weights, and would take a second to make. */
export const largestMaglevTable = 262_144;

/**
 * Envoy's Maglev table: for each entry the index of the address that has it, and `hash % size` is a request's entry. Listing 1
 * of the Maglev paper with Envoy's weights (source/extensions/load_balancing_policies/maglev/maglev_lb.cc): the heaviest
 * address takes an entry in every round, others as often as their weight is of its.
 */
export function maglevTable(
  weighted: readonly { readonly address: string; readonly weight: number }[],
  size = maglevTableSize,
): Int32Array {
  const table = new Int32Array(size).fill(-1);
  const heaviest = Math.max(0, ...weighted.map(({ weight }) => weight));
  const rows = weighted
    .map(({ address, weight }, owner) => ({
      address,
      weight,
      owner,
      offset: Number(xxHash64(address) % BigInt(size)),
      skip: Number(xxHash64(address, 1n) % BigInt(size - 1)) + 1,
      next: 0,
      target: 0,
    }))
    .sort((a, b) => byText(a.address, b.address));
  let filled = 0;
  for (let round = 1; rows.length > 0 && filled < size; round += 1) {
    for (const row of rows) {
      if (filled === size) break;
      if (round * row.weight < row.target) continue;
      row.target += heaviest;
      let entry = (row.offset + row.skip * row.next) % size;
      while (table[entry] !== -1) {
        row.next += 1;
        entry = (row.offset + row.skip * row.next) % size;
      }
      table[entry] = row.owner;
      row.next += 1;
      filled += 1;
    }
  }
  return table;
}

/** The part of all hashes that each owner answers. */
export function maglevShares(table: Int32Array, owners: number): readonly number[] {
  const shares = new Array<number>(owners).fill(0);
  for (const owner of table) shares[owner] = (shares[owner] ?? 0) + 1 / table.length;
  return shares;
}
