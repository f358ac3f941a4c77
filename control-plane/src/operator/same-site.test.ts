import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalOfOrigin } from "./same-site.ts";

test("IP addresses, localhost and the server's own names are answered", () => {
  for (const host of ["127.0.0.1", "127.0.0.1:18080", "[::1]:18080", "localhost:18080", "LOCALHOST", "weir.example:1"])
    assert.equal(refusalOfOrigin({ host }, ["weir.example"]), undefined, host);
  assert.equal(refusalOfOrigin({ host: "127.0.0.1:18080", origin: "http://127.0.0.1:18080" }, []), undefined);
});

test("a name that somebody else may point here is refused", () => {
  for (const host of [
    "evil.example",
    "localhost.evil.example:18080",
    "127.0.0.1.nip.io",
    "",
    "a b",
    "127.0.0.1:1@evil",
  ])
    assert.notEqual(refusalOfOrigin({ host }, []), undefined, host);
});

test("pages from elsewhere are refused, also from another port and from files", () => {
  for (const origin of ["http://evil.example", "http://127.0.0.1:3000", "null", ""])
    assert.notEqual(refusalOfOrigin({ host: "127.0.0.1:18080", origin }, []), undefined, origin);
});
