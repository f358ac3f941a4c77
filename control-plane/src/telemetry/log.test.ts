import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";
import { lineCollector } from "./testing.ts";

test("a line has its keys in a stable order, and those that are not known are left out", async () => {
  const { stream, lines } = lineCollector();
  {
    await using log = createLog({ level: "info", stream });
    log.write("warn", "hello", {
      peer: "p",
      revision: 3,
      nonce: "2",
      version: "v",
      type: "cluster",
      node: "n",
      component: "xds",
      trace_id: "t",
    });
    log.write("info", "short", { component: "xds", node: undefined });
  }
  assert.deepEqual(Object.keys(lines[0] ?? {}), [
    ..."ts level msg component node type version nonce revision trace_id".split(" "),
    "peer",
  ]);
  assert.deepEqual({ ...lines[1], ts: "" }, { ts: "", level: "info", msg: "short", component: "xds" });
  assert.ok(!Number.isNaN(Date.parse(String(lines[0]?.ts))));
});

test("the level can be changed while the log runs", async () => {
  const { stream, lines } = lineCollector();
  {
    await using log = createLog({ level: "warn", stream });
    const say = (text: string) => log.write("debug", text, { component: "process" });
    say("one");
    assert.equal(log.isOn("debug"), false);
    log.setLevel("debug");
    assert.equal(log.isOn("debug"), true);
    say("two");
    log.setLevel("error");
    say("three");
    assert.equal(log.isOn("warn"), false);
    assert.equal(log.level(), "error");
  }
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ["two"],
  );
});
