import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { byteRange } from "./byte-range.ts";
import { checkGrant, type Grant, signGrant } from "./grant.ts";

const key = { id: "k", key: createSecretKey(randomBytes(32)) };
const keyOf = (id: string) => (id === "k" ? key : undefined);
const announced = { mediaType: "text/csv", sizeBytes: 18, sha256: "0".repeat(64) };
const put: Grant = { method: "PUT", key: "acme/uploads/u", expiresAtMs: 10_000, announced };
const get: Grant = {
  method: "GET",
  key: "acme/r/1/a",
  expiresAtMs: 10_000,
  fileName: "ü &=?.csv",
  mediaType: "text/csv",
};

test("what was signed is granted, until it expires", () => {
  for (const grant of [put, get]) {
    const target = signGrant(grant, key);
    assert.deepEqual(checkGrant(grant.method, target, keyOf, 9_999), { kind: "granted", grant });
    assert.equal(checkGrant(grant.method, target, keyOf, 10_000).kind, "refused");
  }
  assert.equal(checkGrant("HEAD", signGrant(get, key), keyOf, 0).kind, "granted");
});

test("no other method, key, object or constraint is granted", () => {
  const target = signGrant(put, key);
  for (const method of ["GET", "HEAD", "POST", "DELETE", "put", ""]) {
    assert.equal(checkGrant(method, target, keyOf, 0).kind, "refused", method);
  }
  for (const [from, to] of [
    ["uploads/u?", "uploads/v?"],
    ["uploads/u?", "uploads/../u?"],
    ["/acme", "//acme"],
    ["size=18", "size=19"],
    ["expires=10", "expires=11"],
    ["text%2Fcsv", "text%2Fhtml"],
    ["sha256=0", "sha256=1"],
    ["key=k", "key=other"],
    ["signature=", "signature=AAAA"],
  ] as const) {
    assert.notEqual(target.replace(from, to), target, from);
    assert.equal(checkGrant("PUT", target.replace(from, to), keyOf, 0).kind, "refused", `${from} to ${to}`);
  }
  const stranger = { id: "k", key: createSecretKey(randomBytes(32)) };
  assert.equal(checkGrant("PUT", signGrant(put, stranger), keyOf, 0).kind, "refused");
});

test("a constraint cannot be moved into another one", () => {
  const one: Grant = { ...get, fileName: 'a","type":"x', mediaType: "y" };
  const two: Grant = { ...get, fileName: "a", mediaType: 'x","type":"y' };
  const signature = /signature=([^&]+)/;
  assert.notEqual(signature.exec(signGrant(one, key))?.[1], signature.exec(signGrant(two, key))?.[1]);
});

test("what is no signed URL is refused, whatever it is", () => {
  for (const target of [
    "",
    "/",
    "?",
    "/a",
    "/a?",
    "*",
    "/%?x=1",
    "/%zz?expires=1&signature=a",
    "http://x/a?expires=1",
  ]) {
    assert.equal(checkGrant("GET", target, keyOf, 0).kind, "refused", target);
  }
  for (const expires of ["-1", "NaN", "1e99", "0", ""]) {
    const target: string = signGrant(get, key).replace("expires=10", `expires=${expires}`);
    assert.equal(checkGrant("GET", target, keyOf, 0).kind, "refused", expires);
  }
});

test("a range is cut to the object, and one that is beyond it is told apart from none", () => {
  const said = (header: string | undefined, size: number) => {
    const range = byteRange(header, size);
    return range.kind === "part" ? `${range.first}-${range.last}` : range.kind;
  };
  assert.deepEqual(
    [
      undefined,
      "bytes=0-0",
      "bytes=9-",
      "bytes=-1",
      "bytes=-99",
      "bytes=3-99",
      "bytes=10-",
      "bytes=5-4",
      "bytes=-",
      "bytes=-0",
    ].map((header) => said(header, 10)),
    ["whole", "0-0", "9-9", "9-9", "0-9", "3-9", "outside", "whole", "whole", "outside"],
  );
  assert.deepEqual(
    ["bytes=0-", "bytes=-1", undefined].map((header) => said(header, 0)),
    ["outside", "outside", "whole"],
  );
});
