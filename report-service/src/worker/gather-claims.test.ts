import assert from "node:assert/strict";
import { test } from "node:test";
import { claimant, report } from "../../test/contract/place.ts";
import { ownClock } from "../ports/clock.ts";
import { gatherClaims } from "./gather-claims.ts";

test("workers that are free at once claim together, and those that come meanwhile with the next claim", async () => {
  const left = ["a", "b", "c", "d"].map((id) => report(id, 1));
  const asked: number[] = [];
  const claim = gatherClaims(
    {
      async claim(_, most) {
        asked.push(most);
        await new Promise(setImmediate);
        return left.splice(0, most);
      },
    },
    () => claimant,
    ownClock,
  );
  const first = [claim(), claim(), claim()];
  while (asked.length === 0) await new Promise(setImmediate);
  const claimed = await Promise.all([...first, claim(), claim()]);
  assert.deepEqual(
    claimed.map((one) => one?.id),
    ["a", "b", "c", "d", undefined],
  );
  assert.deepEqual(asked, [3, 2]);
});

test("where the queue fails, all who asked learn of it, and the next ones may ask again", async () => {
  let broken = true;
  const claim = gatherClaims(
    {
      async claim() {
        if (broken) throw new Error("no store");
        return [report("a", 1)];
      },
    },
    () => claimant,
    ownClock,
  );
  for (const { status } of await Promise.allSettled([claim(), claim()])) assert.equal(status, "rejected");
  broken = false;
  assert.equal((await claim())?.id, "a");
});
