import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePostgresUrl } from "./postgres-url.ts";

test("a URL of several hosts is one URL for each", () => {
  assert.deepEqual(parsePostgresUrl("postgres://weir:secret@a:5432,b:5433/reports?sslmode=require"), [
    "postgres://weir:secret@a:5432/reports?sslmode=require",
    "postgres://weir:secret@b:5433/reports?sslmode=require",
  ]);
  assert.deepEqual(parsePostgresUrl("postgresql://[::1]/reports"), ["postgresql://[::1]/reports"]);
});

test("what is no URL of Postgres is none", () => {
  for (const text of ["sqlite", "postgres://", "http://a/b", "postgres://a,,b/reports", "postgres://a:x/b"]) {
    assert.equal(parsePostgresUrl(text), undefined, text);
  }
});
