import assert from "node:assert/strict";
import { test } from "node:test";
import { report } from "../../test/contract/place.ts";
import { messageOf, parseMessage } from "./message.ts";

const lane = { cluster: "sql", priority: "bulk" } as const;

test("a message names its report, and says nothing else of it", () => {
  const text = messageOf(report("a", 1, { parameters: { secret: "x" } }));
  assert.equal(text, '{"report":"tenants/acme/reports/a"}');
  const parsed = parseMessage(text, lane);
  assert.deepEqual(parsed.ok && parsed.value, { tenant: "acme", id: "a", ...lane });
});

test("what is no message of ours is said to be none", () => {
  for (const text of ["", "{", "null", "7", '{"report":7}', '{"report":"tenants/acme"}', '{"report":"../../x"}'])
    assert.equal(parseMessage(text, lane).ok, false, text);
});
