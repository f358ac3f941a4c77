import assert from "node:assert/strict";
import { test } from "node:test";
import { keptMetadata, mostMetadata } from "./node-metadata.ts";

test("metadata of an ordinary size is kept, more than that is not", () => {
  const ordinary = { weir: { listen: "0.0.0.0:10000" }, labels: { app: "billing", replicas: 3, canary: false } };
  assert.equal(keptMetadata(ordinary), ordinary);
  assert.equal(keptMetadata(undefined), undefined);
  assert.equal(keptMetadata({ text: "x".repeat(mostMetadata) }), undefined);
  assert.equal(keptMetadata({ list: Array.from({ length: mostMetadata }, () => 1) }), undefined);
  assert.equal(
    keptMetadata(Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`${index}`, 1]))),
    undefined,
  );
});
