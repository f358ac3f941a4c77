import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mergePatch, patched } from "./merge-patch.ts";

const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, tie("members")),
  // As JSON has it: `__proto__` would be none of its own.
  members: fc.dictionary(fc.constantFrom("a", "b", "c", "0", "1"), tie("value"), { noNullPrototype: true }),
}));

test("what a patch of two values makes of the first is the second, also after it was sent", () => {
  fc.assert(
    fc.property(value, value, (before, after) => {
      const patch = mergePatch(before, after);
      if (patch === undefined) assert.deepEqual(before, after);
      else assert.deepEqual(patched(before, JSON.parse(JSON.stringify(patch))), after);
    }),
    { numRuns: 300 },
  );
});

test("a patch names only what changed, and what it does not name stays the same object", () => {
  const before = { places: { "dc-a": { rps: 1, total: 3 }, "dc-b": { rps: 2, total: 3 } }, gone: 1 };
  const patch = mergePatch(before, { places: { "dc-a": { rps: 5, total: 3 }, "dc-b": { rps: 2, total: 3 } } });
  assert.deepEqual(patch, { places: { "dc-a": { rps: 5 } }, gone: null });
  const after = patched(before, patch) as typeof before;
  assert.equal(after.places["dc-b"], before.places["dc-b"]);
});
