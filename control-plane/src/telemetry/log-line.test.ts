import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";
import { lineCollector } from "./testing.ts";

test("in ECS form a line has the keys that every line must have, and what is Weir's own stands apart", async () => {
  const { stream, lines } = lineCollector();
  {
    await using log = createLog({ level: "info", format: "ecs", service: "weir-eu", stream });
    log.write("warn", "hello", {
      ...{ component: "xds", node: "n", revision: 3, trace_id: "t", stack: "Error: x\n at y" },
      peer: "127.0.0.1:1",
    });
  }
  const { "@timestamp": at, ...rest } = lines[0] ?? {};
  assert.ok(!Number.isNaN(Date.parse(String(at))));
  assert.deepEqual(rest, {
    "log.level": "warn",
    message: "hello",
    "ecs.version": "8.11.0",
    "service.name": "weir-eu",
    "log.logger": "xds",
    "trace.id": "t",
    "error.stack_trace": "Error: x\n at y",
    weir: { node: "n", revision: 3, peer: "127.0.0.1:1" },
  });
});
