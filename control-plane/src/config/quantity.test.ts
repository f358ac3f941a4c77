import assert from "node:assert/strict";
import { test } from "node:test";
import { durationText, parseDuration, parseSize, sizeText } from "./quantity.ts";

test("durations are read and written as Go and Kubernetes have them", () => {
  for (const [text, ms] of [
    ["0s", 0],
    ["500ms", 500],
    ["1m30s", 90_000],
    ["1h", 3_600_000],
    ["1h1m1s1ms", 3_661_001],
  ] as const) {
    assert.equal(parseDuration(text), ms);
    assert.equal(durationText(ms), text);
  }
  for (const text of ["", "1", "s", "1.5s", "-1s", "1 s", "1d", "1s ", "123456s"])
    assert.equal(parseDuration(text), undefined);
});

test("sizes are read and written in powers of 1024", () => {
  for (const [text, bytes] of [
    ["100B", 100],
    ["1KiB", 1024],
    ["16MiB", 16_777_216],
  ] as const) {
    assert.equal(parseSize(text), bytes);
    assert.equal(sizeText(bytes), text);
  }
  for (const text of ["", "1", "1MB", "1.5MiB", "-1B"]) assert.equal(parseSize(text), undefined);
});
