import assert from "node:assert/strict";
import { test } from "node:test";
import { anyRequest, coversMatch } from "./covers-match.ts";
import type { PathMatch, RouteMatch } from "./route.ts";

const method = (service?: string, name?: string): PathMatch => ({
  kind: "method",
  type: "exact",
  service,
  method: name,
});
const at = (path: PathMatch, rest: Partial<RouteMatch> = {}): RouteMatch => ({ ...anyRequest, path, ...rest });
const exact = (path: string): PathMatch => ({ kind: "exact", path });
const prefix = (path: string): PathMatch => ({ kind: "prefix", path });
const canary = { name: "x-canary", value: { kind: "exact", text: "1" }, invert: false } as const;

const covered: readonly (readonly [string, RouteMatch, RouteMatch])[] = [
  ["everything covers a method", anyRequest, at(method("report.v1.Reports", "GetReport"))],
  ["a service covers its methods", at(method("report.v1.Reports")), at(method("report.v1.Reports", "GetReport"))],
  ["a prefix covers itself", at(prefix("/v1")), at(exact("/v1"))],
  ["a prefix covers what is below it", at(prefix("/v1")), at(prefix("/v1/reports"))],
  ["a path covers the method that it is", at(exact("/a.B/C")), at(method("a.B", "C"))],
  ["fewer headers cover more", at(prefix("/v1")), at(prefix("/v1"), { headers: [canary] })],
  ["a part of requests is covered too", anyRequest, { ...anyRequest, percent: 5 }],
  [
    "a regular expression covers the same one",
    at({ kind: "regex", regex: "/a.*" }),
    at({ kind: "regex", regex: "/a.*" }),
  ],
];

for (const [says, wide, narrow] of covered) test(says, () => assert.equal(coversMatch(wide, narrow), true));

const notCovered: readonly (readonly [string, RouteMatch, RouteMatch])[] = [
  ["a method does not cover its service", at(method("a.B", "C")), at(method("a.B"))],
  ["a method of any service is not of this one", at(method("a.B")), at(method(undefined, "C"))],
  ["a prefix is of whole segments", at(prefix("/v1")), at(exact("/v10"))],
  ["what is below a path is not the path", at(method("a.B")), at(exact("/a.B"))],
  ["a header does not cover its absence", at(prefix("/v1"), { headers: [canary] }), at(prefix("/v1"))],
  [
    "one value does not cover another",
    { ...anyRequest, headers: [canary] },
    { ...anyRequest, headers: [{ ...canary, invert: true }] },
  ],
  ["a part does not cover the whole", { ...anyRequest, percent: 99 }, anyRequest],
  ["a prefix does not cover a regular expression", at(prefix("/v1")), at({ kind: "regex", regex: "/v1/.*" })],
];

for (const [says, wide, narrow] of notCovered) test(says, () => assert.equal(coversMatch(wide, narrow), false));
