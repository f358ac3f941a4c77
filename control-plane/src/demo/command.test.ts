import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../lib/parsed.ts";
import { parseCommand } from "./command.ts";

const datacenters = ["dc-a", "dc-b"];

test("a fault is UNAVAILABLE to everyone unless told", () => {
  assert.deepEqual(parseCommand({ kind: "fail", datacenter: "dc-b" }, datacenters), {
    ok: true,
    value: { kind: "fail", datacenter: "dc-b", status: "UNAVAILABLE", percent: 100 },
  });
  assert.deepEqual(parseCommand({ kind: "kill", datacenter: "dc-a" }, datacenters), {
    ok: true,
    value: { kind: "kill", datacenter: "dc-a" },
  });
});

test("everything that is wrong is said at once, with what would be right", () => {
  const parsed = parseCommand({ kind: "fail", datacenter: "dc-x", status: "BROKEN", percent: 0 }, datacenters);
  assert.ok(!parsed.ok);
  const text = parsed.problems.map(problemText).join("\n");
  assert.match(text, /there is no data center "dc-x"; this demo has dc-a, dc-b/);
  assert.match(text, /"BROKEN" is no gRPC status/);
  assert.match(text, /"0" is not a number above 0/);
});

test("what is no command at all is refused", () => {
  for (const input of [undefined, null, 7, "kill dc-a", {}, { kind: "explode", datacenter: "dc-a" }])
    assert.equal(parseCommand(input, datacenters).ok, false);
});
