import assert from "node:assert/strict";
import { test } from "node:test";
import { documentKinds } from "../../policy/documents/document-schemas.ts";
import { jsonSchemas } from "../../policy/documents/json-schema.ts";
import { capabilities } from "./capabilities.ts";
import { capabilityOf } from "./effective-on.ts";
import { leavesOf } from "./fields-of.ts";

for (const kind of documentKinds) {
  const leaves = leavesOf(jsonSchemas[kind].properties?.["spec"] ?? {});

  test(`what clients make of every field of a ${kind} is known`, () => {
    const missing = leaves.flatMap(({ field, schema }) => {
      const values = capabilities[kind].some((row) => row.field === field && row.value !== undefined)
        ? (schema.enum ?? [schema.const])
        : [undefined];
      return values.flatMap((value) =>
        capabilityOf(kind, field, value) ? [] : [value === undefined ? field : `${field}: ${String(value)}`],
      );
    });
    assert.deepEqual(
      missing,
      [],
      `what do Envoy and gRPC clients make of these fields of a ${kind}? Say it in control-plane/src/plan/effective/, in the file of ${kind} (capability, byWeir)`,
    );
  });

  test(`nothing is said of a field that a ${kind} does not have`, () => {
    const fields = leaves.map(({ field }) => field);
    const odd = capabilities[kind].filter(
      (row) => !fields.some((field) => field === row.field || (row.whole && field.startsWith(row.field))),
    );
    assert.deepEqual(
      odd.map(({ field }) => field),
      [],
    );
  });
}

test("whoever does not obey a field is said to do something instead, and whence that is known", () => {
  for (const kind of documentKinds)
    for (const { field, on } of capabilities[kind])
      for (const [client, cell] of Object.entries(on))
        for (const { effect, instead, source } of cell.since ? [cell, cell.since.before] : [cell]) {
          assert.equal(instead === "", effect === "obeyed", `${kind} ${field} ${client}`);
          assert.notEqual(source, "", `${kind} ${field} ${client}`);
        }
});
