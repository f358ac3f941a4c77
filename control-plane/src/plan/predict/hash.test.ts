import assert from "node:assert/strict";
import { test } from "node:test";
import { canTellOwner, ringEntries, ringOwner, ringShares } from "./hash-ring.ts";
import { maglevShares, maglevTable } from "./maglev-table.ts";
import { xxHash64 } from "./xx-hash.ts";

test("xxHash64 is the published one", () => {
  // https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md and its sanity tests.
  assert.equal(xxHash64(""), 0xef46db3751d8e999n);
  assert.equal(xxHash64("a"), 0xd24ec4f1a98c6e5bn);
  assert.equal(xxHash64("abc"), 0x44bc2cf5ad770999n);
});

const three = [0.5, 0.25, 0.25].map((weight, index) => ({ address: `10.0.0.${index}:80`, weight }));

test("a ring has a whole number of entries for the lightest, and others by weight", () => {
  const counts = (minimum: number, maximum: number) =>
    countsOf([...ringEntries({ weighted: three, minimum, maximum })].map(({ owner }) => owner));
  assert.deepEqual(counts(1_024, 8_388_608), [512, 256, 256]);
  // 4 entries are enough for whole numbers.
  assert.deepEqual(counts(1, 6), [2, 1, 1]);
  assert.deepEqual(counts(1_024, 6), [3, 2, 1]);
});

test("shares of a ring are the arcs that lead to an owner", () => {
  const ring = { weighted: three, minimum: 64, maximum: 64 };
  const shares = ringShares(ring);
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
  const seen = [0, 0, 0];
  const tries = 5_000;
  for (let request = 0; request < tries; request += 1) {
    const owner = ringOwner(ring, xxHash64(`request ${request}`)) ?? -1;
    seen[owner] = (seen[owner] ?? 0) + 1;
  }
  for (const [owner, count] of seen.entries()) assert.ok(Math.abs(count / tries - (shares[owner] ?? 0)) < 0.04);
  const without = ringShares(ring, (owner) => owner !== 0);
  assert.equal(without[0], 0);
});

test("a ring too large to be made is as even as its weights", () => {
  const uneven = [0.999995, 0.000005].map((weight, index) => ({ address: `10.0.0.${index}:80`, weight }));
  const ring = { weighted: uneven, minimum: 1_024, maximum: 8_388_608 };
  assert.deepEqual(ringShares(ring), [0.999995, 0.000005]);
  assert.equal(canTellOwner(ring), false);
});

test("a Maglev table is full, and as even as the weights", () => {
  const table = maglevTable(three);
  assert.ok(table.every((owner) => owner >= 0));
  for (const [owner, share] of maglevShares(table, 3).entries())
    assert.ok(Math.abs(share - (three[owner]?.weight ?? 0)) < 0.001, `${owner}: ${share}`);
});

function countsOf(owners: readonly number[]): readonly number[] {
  return [0, 1, 2].map((owner) => owners.filter((each) => each === owner).length);
}
