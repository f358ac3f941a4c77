import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalityKey } from "../model/held-health.ts";
import type { ServiceName } from "../model/names.ts";
import type { World } from "../model/world.ts";
import { paceNotes } from "./pace-notes.ts";

const report = "report" as ServiceName;
const held = (places: Readonly<Record<string, number>>, onEnvoy = true): World["held"] =>
  new Map([
    [report, new Map(Object.entries(places).map(([key, percent]) => [key as LocalityKey, { percent, onEnvoy }]))],
  ]);

test("a hold is told when it begins and when it ends, and not at each step", () => {
  const begun = paceNotes(new Map(), held({ "dc-a/z1/": 0 }));
  assert.deepEqual(begun, [{ kind: "locality-held", service: report, locality: "dc-a/z1", percent: 0 }]);
  assert.deepEqual(paceNotes(held({ "dc-a/z1/": 0 }), held({ "dc-a/z1/": 25 })), []);
  assert.deepEqual(paceNotes(held({ "dc-a/z1/": 50 }), new Map()), [
    { kind: "locality-used", service: report, locality: "dc-a/z1" },
  ]);
});

test("what only the weights of gRPC clients are slow with is not told", () => {
  assert.deepEqual(paceNotes(new Map(), held({ "dc-a/z1/": 0 }, false)), []);
});
