import assert from "node:assert/strict";
import { test } from "node:test";
import { anyRequest } from "../../model/covers-match.ts";
import type { HeaderMatch, PathMatch } from "../../model/route.ts";
import { hashOfRequest } from "./hash-of-request.ts";
import { matchesRequest } from "./matches-request.ts";
import { requestOf } from "./request.ts";
import { xxHash64 } from "./xx-hash.ts";

const path = (wanted: PathMatch, found: string) =>
  matchesRequest({ ...anyRequest, path: wanted }, requestOf(found, new Map()), "envoy");

test("paths match whole, by whole segments, by a regular expression of all of it, or as a method", () => {
  assert.equal(path({ kind: "exact", path: "/a" }, "/a?x=1"), true);
  assert.equal(path({ kind: "prefix", path: "/v1" }, "/v1/report"), true);
  assert.equal(path({ kind: "prefix", path: "/v1" }, "/v10"), false);
  assert.equal(path({ kind: "regex", regex: "/v[0-9]+" }, "/v10"), true);
  assert.equal(path({ kind: "regex", regex: "/v" }, "/v10"), false);
  const method = { kind: "method", type: "exact", service: "report.v1.Reports", method: undefined } as const;
  assert.equal(path(method, "/report.v1.Reports/Create"), true);
  assert.equal(path(method, "/report.v1.Results/Create"), false);
});

test("a header that is not there fulfils an inverted condition only", () => {
  const fits = (header: Omit<HeaderMatch, "name">, found?: string) =>
    matchesRequest(
      { ...anyRequest, headers: [{ name: "x-kind", ...header }] },
      requestOf("/", new Map(found === undefined ? [] : [["x-kind", found]])),
      "grpc",
    );
  const exact = { kind: "exact", text: "a" } as const;
  assert.deepEqual([fits({ value: exact, invert: false }, "a"), fits({ value: exact, invert: false })], [true, false]);
  assert.deepEqual([fits({ value: exact, invert: true }, "a"), fits({ value: exact, invert: true })], [false, true]);
  assert.deepEqual(
    [fits({ value: { kind: "present" }, invert: true }, "b"), fits({ value: exact, invert: true }, "b")],
    [false, true],
  );
});

test("gRPC clients are not told of matches with a query", () => {
  const match = { ...anyRequest, queryParameters: [{ name: "x", value: { kind: "exact", text: "1" } as const }] };
  const request = requestOf("/a?y=2&x=1", new Map());
  assert.deepEqual([matchesRequest(match, request, "envoy"), matchesRequest(match, request, "grpc")], [true, false]);
});

test("the hash is of the first source that a request has, as far as a client knows it", () => {
  const sources = [
    { kind: "cookie", name: "session", path: "/", ttlMs: undefined },
    { kind: "header", name: "x-key" },
    { kind: "method" },
  ] as const;
  const hash = (client: "envoy" | "grpc", headers: Readonly<Record<string, string>>) =>
    hashOfRequest(sources, requestOf("/a.B/C", new Map(Object.entries(headers))), client);
  assert.equal(hash("envoy", { cookie: "a=1; session=77", "x-key": "k" }), xxHash64("77"));
  assert.equal(hash("grpc", { cookie: "a=1; session=77", "x-key": "k" }), xxHash64("k"));
  assert.equal(hash("envoy", {}), xxHash64("/a.B/C"));
  assert.equal(hash("grpc", {}), undefined);
});
