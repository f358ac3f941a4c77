import assert from "node:assert/strict";
import { test } from "node:test";
import { ownerOfObject } from "./owner-of-object.ts";

test("an object tells its report or upload, and what it is removed with", () => {
  const report = ownerOfObject("acme/dc-a-1/2/report.csv");
  assert.deepEqual([report?.name, report?.below], ["tenants/acme/reports/dc-a-1", "acme/dc-a-1/2"]);
  const upload = ownerOfObject("acme/uploads/dc-a-1");
  assert.deepEqual([upload?.name, upload?.below], ["tenants/acme/uploads/dc-a-1", "acme/uploads/dc-a-1"]);
});

test("what is no key of ours has no owner", () => {
  for (const key of [
    ...["", "acme", "acme/x", "acme/dc-a-1/report.csv", "acme/dc-a-1/one/report.csv", "acme/dc-a-1/1/a/b"],
    ...[
      "acme/uploads",
      "acme/uploads/a/b",
      "acme/uploads/a/1/report.csv",
      "Acme/dc-a-1/1/report.csv",
      "/x/1/a",
      ".drafts/a",
    ],
  ]) {
    assert.equal(ownerOfObject(key), undefined, key);
  }
});
