import assert from "node:assert/strict";
import { test } from "node:test";
import { type Content, contentKeyOf } from "./content-key.ts";
import type { ReportKind } from "./kind.ts";
import type { KindName } from "./names.ts";

const kind = { name: "sales" as KindName, version: "1" } as ReportKind;
const plain: Content = {
  kind,
  parameters: { from: "2026-01-01", limit: 5 },
  uploads: [],
  asOfMs: undefined,
  formats: ["csv", "json"],
};

test("the order of parameters and formats does not matter to what comes out", () => {
  const turned: Content = { ...plain, parameters: { limit: 5, from: "2026-01-01" }, formats: ["json", "csv"] };
  assert.equal(contentKeyOf(turned), contentKeyOf(plain));
});

test("whatever changes what comes out changes the key", () => {
  const others: readonly Content[] = [
    { ...plain, kind: { ...kind, version: "2" } },
    { ...plain, kind: { ...kind, name: "stock" as KindName } },
    { ...plain, parameters: { ...plain.parameters, limit: "5" } },
    { ...plain, parameters: { ...plain.parameters, region: null } },
    { ...plain, uploads: ["00ff"] },
    { ...plain, asOfMs: 0 },
    { ...plain, formats: ["csv"] },
  ];
  assert.equal(new Set([plain, ...others].map((content) => contentKeyOf(content))).size, others.length + 1);
});
