import assert from "node:assert/strict";
import { test } from "node:test";
import { afterVersion, noPeak } from "./peak.ts";

test("a version below one that was seen is told until it has come up to that", () => {
  const rewound: unknown[] = [];
  let peak = noPeak;
  for (const version of ["9", "10", "7", "8", "10", "11"]) {
    peak = afterVersion(peak, version);
    rewound.push(peak.rewound);
  }
  assert.deepEqual(rewound, [undefined, undefined, { from: 10, to: 7 }, { from: 10, to: 8 }, undefined, undefined]);
});

test("versions that are no numbers are not compared", () => {
  assert.deepEqual(afterVersion(afterVersion(noPeak, "10"), "abc"), noPeak);
});
