import assert from "node:assert/strict";
import { test } from "node:test";
import { regexMatches, regexProblem } from "./regex-field.ts";

const accepted = [
  "/report\\.v1\\.Reports/(GetReport|ListReports|WatchReport)",
  "/v[0-9]+/reports/[^/]+(/.*)?",
  "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
  "[A-Za-z0-9_.-]+@[a-z0-9-]+(\\.[a-z]{2,6})+",
  "(?i)canary|beta",
  "(?P<major>[0-9]+)\\.[0-9]+",
  "[[:alpha:]]+[]x]\\\\pq",
];

for (const regex of accepted) {
  test(`${regex} is taken`, () => {
    assert.equal(regexProblem(regex), undefined);
  });
}

const refused = [
  ["", /1 to 500 characters/],
  ["é", /printable ASCII/],
  ["(", /missing closing \)/],
  ["a**", /nested repetition/],
  ["(?=a)", /invalid or unsupported Perl syntax/],
  ["(a)\\1", /does not mean the same to all clients/],
  ["\\pL", /does not mean the same to all clients/],
  ["\\x{e9}", /does not mean the same to all clients/],
  ["(?<name>a)", /use "\(\?P<"/],
  ["a{1001}", /invalid repeat count/],
  // What Envoy 1.40 said of them: 104, 202, 301 and 1,291 instructions.
  ["a{100}", /too large for Envoy/],
  [".{99}", /too large for Envoy/],
  ["\\w{99}", /too large for Envoy/],
  ["[acegikmoqsuwy]{99}", /too large for Envoy/],
  ["([a-f0-9]{4}){20}", /too large for Envoy/],
] as const;

for (const [regex, says] of refused) {
  test(`${JSON.stringify(regex)} is refused`, () => {
    assert.match(regexProblem(regex) ?? "", says);
  });
}

test("a regular expression is one of the whole text", () => {
  assert.equal(regexMatches("a|bc", "bc"), true);
  assert.equal(regexMatches("a|bc", "abc"), false);
  assert.equal(regexMatches("a*", ""), true);
});
