import assert from "node:assert/strict";
import { test } from "node:test";
import { type Look, peerStateOf } from "./peer-state.ts";

const away: Look = { kind: "away", why: "refused" };
const standby = (timeline: number): Look => ({ kind: "standby", timeline, lagMs: 5 });
const primary = (timeline: number): Look => ({ kind: "primary", timeline });

const cases: readonly (readonly [says: string, here: Look, there: readonly Look[], newest: number, state: string])[] = [
  ["usually", standby(1), [primary(1)], 1, "read here, written there"],
  ["its data center is away", standby(1), [away], 1, "read here, written nowhere"],
  ["the replica is away", away, [standby(1), primary(1)], 1, "read there, written there"],
  ["all is away", away, [away], 1, "read nowhere, written nowhere"],
  ["it was promoted here", primary(2), [away], 1, "read here, written here"],
  ["the old primary is back, as what it was", primary(2), [primary(1)], 2, "read here, written here"],
  ["the old primary is back, as a standby", primary(2), [standby(2)], 2, "read here, written here"],
  ["only the old primary is left", away, [primary(1)], 2, "read nowhere, written nowhere"],
  ["it went back: promoted over there", standby(2), [primary(3)], 2, "read here, written there"],
  ["promoted over there, the one here knows nothing of it", primary(2), [primary(3)], 2, "read there, written there"],
];

for (const [says, here, there, newest, expected] of cases) {
  test(`a peer's database is ${expected} when ${says}`, () => {
    const { readable, writable } = peerStateOf({ here, there }, newest);
    assert.equal(`read ${readable}, written ${writable}`, expected);
  });
}
