import assert from "node:assert/strict";
import { test } from "node:test";
import { overlaidMap } from "./overlaid-map.ts";

const value = (text: string) => ({ text });
const base = new Map(Array.from({ length: 200 }, (_, index) => [`k${index}`, value(`old ${index}`)] as const));

test("a map with something laid over it reads as the map that was written anew", () => {
  let overlaid: ReadonlyMap<string, { readonly text: string }> = base;
  const expected = new Map<string, { readonly text: string }>(base);
  for (let round = 0; round < 150; round += 1) {
    const replacing = [[`k${(round * 7) % 200}`, value(`new ${round}`)]] as const;
    overlaid = overlaidMap(overlaid, replacing);
    for (const [key, replaced] of replacing) expected.set(key, replaced);
    assert.equal(overlaid.size, expected.size);
    assert.deepEqual([...overlaid], [...expected]);
    assert.deepEqual([...overlaid.entries()], [...expected]);
    assert.deepEqual([...overlaid.keys()], [...expected.keys()]);
    assert.deepEqual([...overlaid.values()], [...expected.values()]);
    assert.equal(overlaid.get("k3"), expected.get("k3"));
    assert.equal(overlaid.get("none"), undefined);
    assert.equal(overlaid.has("k3"), true);
    assert.equal(overlaid.has("none"), false);
    const seen: string[] = [];
    overlaid.forEach((each, key) => {
      seen.push(`${key} ${each.text}`);
    });
    assert.deepEqual(
      seen,
      [...expected].map(([key, each]) => `${key} ${each.text}`),
    );
  }
  assert.equal(base.get("k0")?.text, "old 0", "what was laid under is as it was");
});
