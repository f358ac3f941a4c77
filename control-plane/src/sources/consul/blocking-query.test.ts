import assert from "node:assert/strict";
import { test } from "node:test";
import { type Allowance, afterAnswer, afterFailure, beginning, takeTurn } from "./blocking-query.ts";

for (const [title, last, answered, ask, rewound] of [
  ["the first answer is waited on", 0, 10, 10, false],
  ["a newer one is waited on", 10, 11, 11, false],
  ["the same one, when the wait ended without a change, is waited on again", 10, 10, 10, false],
  ["one that goes backwards starts again at 0 and is told", 10, 7, 0, true],
  ["a first one of 0 is asked for as 1, or the loop would never block", 0, 0, 1, false],
  ["one that goes back to 0 starts again and is told", 10, 0, 0, true],
] as const) {
  test(`index ${last} -> ${answered}: ${title}`, () => {
    const after = afterAnswer({ ask: last, last }, answered);
    assert.deepEqual(after.place, { ask, last: answered });
    assert.deepEqual(after.rewound, rewound ? { from: last, to: answered } : undefined);
  });
}

test("after a failure the next query does not block, and a rewind is noticed all the same", () => {
  const { place } = afterAnswer(beginning, 10);
  assert.deepEqual(afterFailure(place), { ask: 0, last: 10 });
  assert.deepEqual(afterAnswer(afterFailure(place), 7).rewound, { from: 10, to: 7 });
});

test("a burst passes at once, then one query for each interval", () => {
  const rate = { burst: 3, everyMs: 500 };
  const waits: number[] = [];
  let allowance: Allowance | undefined;
  for (let nowMs = 0, turn = 0; turn < 6; turn++) {
    const next = takeTurn(allowance, nowMs, rate);
    allowance = next.allowance;
    nowMs += next.waitMs;
    waits.push(next.waitMs);
  }
  assert.deepEqual(waits, [0, 0, 0, 500, 500, 500]);
});

test("a long silence earns no more than one burst", () => {
  const rate = { burst: 2, everyMs: 500 };
  const { allowance } = takeTurn({ tokens: 0, atMs: 0 }, 1_000_000, rate);
  assert.equal(allowance.tokens, 1);
});
