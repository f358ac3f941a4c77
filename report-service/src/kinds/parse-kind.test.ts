import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { ReportKind } from "../model/kind.ts";
import { parseKind } from "./parse-kind.ts";
import { readKinds } from "./read-kinds.ts";

const right = `
apiVersion: weir/v1alpha1
kind: ReportKind
metadata: { name: orders }
spec:
  title: Orders
  runtime: sql
  source: { sample: sales }
  parameters:
    type: object
    required: [from]
    properties:
      from: { type: string, format: date }
      limit: { type: integer, default: 5 }
  query: select * from sales where ts > $from::date and region <> '$nobody' limit $limit; -- $none
  formats: [CSV]
  limits: { timeout: 2s }
`;

test("a kind's document gives its query, formats and limits, those left out at their defaults", () => {
  const kind = parsed(right);
  assert.deepEqual([kind.name, kind.formats], ["orders", ["csv"]]);
  assert.deepEqual(kind.limits, { timeoutMs: 2_000, memory: "512MB", maxRows: 1_000_000 });
});

test("parameters are checked as a whole and given the schema's defaults", () => {
  const kind = parsed(right);
  assert.deepEqual(kind.parseParameters({ from: "2026-01-31" }), { ok: true, value: { from: "2026-01-31", limit: 5 } });
  assert.deepEqual(kind.parseParameters({ from: "yesterday", limit: "many", colour: "red" }), {
    ok: false,
    problems: [
      { at: "colour", says: "is not known" },
      { at: "from", says: 'must match format "date"' },
      { at: "limit", says: "must be integer" },
    ],
  });
});

test("checking parameters leaves the client's own object as it was", () => {
  const given = { from: "2026-01-31" };
  parsed(right).parseParameters(given);
  assert.deepEqual(given, { from: "2026-01-31" });
});

const wrong: readonly { readonly title: string; readonly change: readonly [string, string]; readonly at: string }[] = [
  { title: "an unknown key", change: ["  title: Orders", "  titel: Orders\n  title: Orders"], at: "spec.titel" },
  { title: "another runtime", change: ["runtime: sql", "runtime: cobol"], at: "spec.runtime" },
  { title: "a name that is no resource id", change: ["name: orders", "name: My Orders"], at: "metadata.name" },
  { title: "a missing query", change: ["  query: select", "  text: select"], at: "spec.query" },
  { title: "a query with a parameter nobody declares", change: ["$from::date", "$form::date"], at: "spec.query" },
  {
    title: "a parameter that is no scalar",
    change: ["type: integer", "type: array"],
    at: "spec.parameters.properties.limit.type",
  },
  { title: "a schema that is none", change: ["default: 5", "minimum: high"], at: "spec.parameters" },
  { title: "a time without a unit", change: ["timeout: 2s", "timeout: 2"], at: "spec.limits.timeout" },
  { title: "a format that nothing renders", change: ["[CSV]", "[DOCX]"], at: "spec.formats.0" },
];

for (const { title, change, at } of wrong) {
  test(`a kind with ${title} is refused, saying where`, () => {
    const text = right.replace(...change);
    assert.notEqual(text, right);
    const kind = parseKind(parse(text));
    assert.ok(!kind.ok && kind.problems.some((problem) => problem.at === at), JSON.stringify(kind));
  });
}

test("the kinds that come with the program are right, and so are those of the tests", async () => {
  for (const directory of ["../../kinds", "../../testdata/kinds"]) {
    const kinds = await readKinds(fileURLToPath(new URL(directory, import.meta.url)));
    assert.ok(kinds.ok, JSON.stringify(kinds));
  }
});

function parsed(text: string): ReportKind {
  const kind = parseKind(parse(text));
  assert.ok(kind.ok, JSON.stringify(kind));
  return kind.value;
}
