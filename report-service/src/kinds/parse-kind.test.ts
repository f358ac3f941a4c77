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
  { title: "a missing query", change: ["  query: select", "  description: select"], at: "spec.query" },
  { title: "code for a query", change: ["  query: select", "  code: select"], at: "spec.code" },
  { title: "a query for code", change: ["runtime: sql", "runtime: python"], at: "spec.query" },
  { title: "columns for a query", change: ["  query:", "  columns: { n: integer }\n  query:"], at: "spec.columns" },
  { title: "a query here and in a file", change: ["  query:", "  queryFile: a.sql\n  query:"], at: "spec.query" },
  {
    title: "a file that is not beside it",
    change: ["  query: select * from sales", "  queryFile: other.sql # "],
    at: "spec.queryFile",
  },
  {
    title: "a file elsewhere",
    change: ["  query: select * from sales", "  queryFile: ../other.sql # "],
    at: "spec.queryFile",
  },
  {
    title: "an upload in the sample's place",
    change: ["{ sample: sales }", "{ sample: sales, uploads: [{ name: sales, mediaTypes: [text/csv] }] }"],
    at: "spec.source.uploads.0.name",
  },
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

const coded = `
apiVersion: weir/v1alpha1
kind: ReportKind
metadata: { name: counted }
spec:
  title: Counted
  runtime: python
  source: { sample: sales, uploads: [{ name: targets, mediaTypes: [text/csv] }] }
  parameters: { type: object }
  columns: { day: date, total: "decimal(12,2)" }
  codeFile: counted.py
  formats: [CSV]
  limits: { concurrencyPerTenant: 2 }
`;

test("a kind of python or javascript has code, here or in a file beside it, and columns in their order", () => {
  const kind = parsed(coded, new Map([["counted.py", "def report(): pass"]]));
  assert.equal(kind.cluster, "python");
  assert.deepEqual(kind.program, {
    ...{ language: "python", code: "def report(): pass", file: "counted.py" },
    columns: [
      { name: "day", type: "date" },
      { name: "total", type: "decimal(12,2)" },
    ],
  });
  assert.deepEqual(kind.inputs, [{ name: "targets", mediaTypes: ["text/csv"] }]);
  assert.equal(kind.limits.concurrencyPerTenant, 2);
  const here = parsed(
    coded.replace("codeFile: counted.py", "code: const report = () => []").replace("python", "javascript"),
  );
  assert.ok(here.program.language === "javascript" && here.program.file === "counted.js");
});

test("a kind's version changes with its code, its columns, its uploads and its language, and with nothing else", () => {
  const beside = new Map([["counted.py", "def report(): pass"]]);
  const { version } = parsed(coded, beside);
  const changed = [
    parsed(coded, new Map([["counted.py", "def report(): return []"]])),
    parsed(coded.replace("day: date", "day: timestamp"), beside),
    parsed(coded.replace('{ day: date, total: "decimal(12,2)" }', '{ total: "decimal(12,2)", day: date }'), beside),
    parsed(coded.replace("name: targets", "name: goals"), beside),
    parsed(coded.replace("runtime: python", "runtime: javascript"), beside),
    parsed(coded.replace("title: Counted", "title: Counts"), beside),
  ];
  assert.equal(new Set([version, ...changed.map((kind) => kind.version)]).size, changed.length + 1);
  assert.equal(parsed(coded.replace("concurrencyPerTenant: 2", "timeout: 5s"), beside).version, version);
});

test("the kinds that come with the program are right, and so are those of the tests", async () => {
  for (const directory of ["../../kinds", "../../testdata/kinds"]) {
    const kinds = await readKinds(fileURLToPath(new URL(directory, import.meta.url)));
    assert.ok(kinds.ok, JSON.stringify(kinds));
  }
});

function parsed(text: string, beside?: ReadonlyMap<string, string>): ReportKind {
  const kind = parseKind(parse(text), beside);
  assert.ok(kind.ok, JSON.stringify(kind));
  return kind.value;
}
