import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEtags, parsePrecondition } from "./etag.ts";

test("entity tags are read with and without quotes, weak ones and lists too", () => {
  assert.deepEqual(parseEtags('"r42-9f3c01ab"'), ["r42-9f3c01ab"]);
  assert.deepEqual(parseEtags("r42-9f3c01ab"), ["r42-9f3c01ab"]);
  assert.deepEqual(parseEtags('W/"r1-a", "r2-b"'), ["r1-a", "r2-b"]);
  for (const text of ['"r1', "a b", "", ",", '"a" "b"']) assert.equal(parseEtags(text), undefined, text);
});

test("If-Match holds an etag or a star, If-None-Match a star, and never both", () => {
  assert.deepEqual(parsePrecondition({}), { kind: "none" });
  assert.deepEqual(parsePrecondition({ "if-match": "*" }), { kind: "exists" });
  assert.deepEqual(parsePrecondition({ "if-match": '"r1-a"' }), { kind: "one-of", etags: ["r1-a"] });
  assert.deepEqual(parsePrecondition({ "if-none-match": "*" }), { kind: "absent" });
  assert.equal(parsePrecondition({ "if-none-match": '"r1-a"' }).kind, "unreadable");
  assert.equal(parsePrecondition({ "if-match": "{}" }).kind, "unreadable");
  assert.equal(parsePrecondition({ "if-match": "*", "if-none-match": "*" }).kind, "unreadable");
});
