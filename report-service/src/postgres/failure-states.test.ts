import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { endsConnection, failureOf } from "./failure.ts";

function said(code: string): Error {
  return Object.assign(new Error(code), { code, severity: "ERROR" });
}

test("what Postgres cannot do for anyone is that the store is unavailable, and nothing else is", () => {
  // Disk full, out of memory, too many connections, shut down, starting, cancelled, a standby now, a broken file.
  for (const code of ["53100", "53200", "53300", "57P01", "57P03", "57014", "25006", "58030"]) {
    assert.ok(failureOf(said(code)) instanceof StoreUnavailable, code);
  }
  // A bug of ours must not look like something that goes away.
  for (const error of [said("42601"), said("23505"), said("22P02"), new TypeError("no")]) {
    assert.equal(failureOf(error), error);
  }
});

test("a connection to what was the primary is not used again, one whose statement failed is", () => {
  for (const code of ["25006", "57P01", "08006"]) assert.ok(endsConnection(said(code)), code);
  for (const code of ["23505", "53100", "57014"]) assert.ok(!endsConnection(said(code)), code);
});
