import assert from "node:assert/strict";
import { test } from "node:test";
import {
  operationName,
  parseKindName,
  parseOperationName,
  parseReportId,
  parseReportName,
  parseTenantName,
  reportName,
} from "./names.ts";
import { makeReportId } from "./report-id.ts";

test("a report's name and its operation's name lead back to its ids", () => {
  const key = parseReportName("tenants/acme/reports/dc-a-01k");
  assert.deepEqual(key, { tenant: "acme", id: "dc-a-01k" });
  assert.equal(key && reportName(key), "tenants/acme/reports/dc-a-01k");
  assert.deepEqual(key && parseOperationName(operationName(key)), key);
});

test("what is no resource name is refused", () => {
  const wrong = [
    "",
    "acme",
    "tenants/",
    "tenants/a/",
    "tenants/A",
    "tenants/a b",
    "tenants/-a",
    "tenants/é",
    "tenants/..",
  ];
  for (const name of [...wrong, `tenants/${"a".repeat(64)}`]) assert.equal(parseTenantName(name), undefined, name);
  for (const name of ["tenants/a/reports/", "tenants/a/reports/b/c", "tenants/a/files/b", "tenants/a/reports/../b"]) {
    assert.equal(parseReportName(name), undefined, name);
  }
  assert.equal(parseKindName("sales"), undefined);
  assert.equal(parseKindName("reportKinds/sales"), "sales");
});

test("report ids carry their data center, sort by time, and are resource ids", () => {
  const entropy = Buffer.alloc(10, 0xff);
  const early = makeReportId("dc-a", 1_700_000_000_000, entropy);
  const late = makeReportId("dc-a", 1_700_000_000_001, Buffer.alloc(10));
  assert.equal(early, "dc-a-01hf7yat00zzzzzzzzzzzzzzzz");
  assert.ok(early < late);
  assert.ok(parseReportName(`tenants/a/reports/${late}`));
});

test("no report may be called uploads: its objects would be those of its tenant's uploads", () => {
  assert.equal(parseReportId("uploads"), undefined);
  assert.equal(parseReportId("uploads-1"), "uploads-1");
});
