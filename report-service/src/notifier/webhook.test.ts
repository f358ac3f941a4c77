import assert from "node:assert/strict";
import { test } from "node:test";
import type { KindName, ReportId, TenantId } from "../model/names.ts";
import type { Notice } from "../model/notice.ts";
import { newReport } from "../model/report.ts";
import { signatureOf, webhookOf } from "./webhook.ts";

const secret = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");
const [tenant, id, kind] = ["acme" as TenantId, "a" as ReportId, "sales" as KindName];
const report = newReport({ tenant, id, kind, parameters: {}, formats: ["csv"], datacenter: "dc-a", createdAtMs: 1 });
const notice: Notice = { state: "succeeded", sequence: 4, endedAtMs: 0, tries: 0, dueMs: 0 };

test("a signature is the one that the libraries of Standard Webhooks test themselves by", () => {
  // https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries
  const signature = signatureOf(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", '{"test": 2432232314}');
  assert.equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("a message says which report has ended and how, and is signed with every secret", () => {
  const { headers, body } = webhookOf(report, notice, [Buffer.alloc(24), secret], 5_999);
  assert.deepEqual(JSON.parse(body), {
    type: "report.succeeded",
    timestamp: "1970-01-01T00:00:00.000Z",
    data: { name: "tenants/acme/reports/a", state: "SUCCEEDED", sequence: 4 },
  });
  const signed = [Buffer.alloc(24), secret].map((one) => signatureOf(one, headers["webhook-id"] ?? "", "5", body));
  assert.deepEqual([headers["webhook-timestamp"], headers["webhook-signature"]], ["5", signed.join(" ")]);
});

test("each try of a notice has the same id, and each end of a report another one", () => {
  const idOf = (...[one, other]: Parameters<typeof webhookOf>) =>
    webhookOf(one, other, [secret], Math.random() * 1e6).headers["webhook-id"];
  const first = idOf(report, notice, [], 0);
  assert.equal(idOf(report, { ...notice, tries: 3 }, [], 0), first);
  assert.notEqual(idOf(report, { ...notice, sequence: 7 }, [], 0), first);
  assert.notEqual(idOf({ ...report, createdAtMs: 2 }, notice, [], 0), first);
});
