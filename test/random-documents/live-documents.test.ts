import assert from "node:assert/strict";
import { test } from "node:test";
import { proveLive } from "./prove-live.ts";

const count = 15;

test("no random set of documents that the API takes is refused by a running Envoy or Node client", async () => {
  const { nacks, acks, endpoints } = await proveLive({ seed: 6, count });
  assert.equal(nacks, 0);
  assert.deepEqual(Object.keys(acks).sort(), ["edge-1", "node-1", "sidecar-1"]);
  for (const [nodeId, taken] of Object.entries(acks)) assert.ok(taken > count, `${nodeId} took ${taken} answers`);
  assert.ok(endpoints > count, `${endpoints} endpoints were seen at the edge`);
});
