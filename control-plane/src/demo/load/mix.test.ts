import assert from "node:assert/strict";
import { test } from "node:test";
import { nextCall } from "./mix.ts";

test("of 100 calls two make a report, and more than that follow one to its end", () => {
  const known = { unfollowed: ["r1", "r2"], recent: ["r0", "r1"] };
  const calls = Array.from({ length: 100 }, (_, index) => nextCall(known, () => index / 100));
  const count = (kind: string) => calls.filter((call) => call.kind === kind).length;
  assert.equal(count("create"), 2);
  assert.ok(count("watch") > count("create"));
  assert.ok(count("get") > count("list"));
  assert.ok(
    calls.every((call) => call.kind !== "watch" || call.name === "r1"),
    "the oldest first",
  );
});

test("a client that knows no report asks for none", () => {
  const calls = Array.from({ length: 100 }, (_, index) => nextCall({ unfollowed: [], recent: [] }, () => index / 100));
  assert.ok(calls.every(({ kind }) => kind !== "get" && kind !== "watch"));
});
