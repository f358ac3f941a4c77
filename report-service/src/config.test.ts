import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig, usage } from "./config.ts";

const defaults = { kinds: "/kinds", id: "made-up" };
const enough = ["--data", "d", "--locality", "dc-a/z1"];

test("data and locality are enough", () => {
  const config = parseConfig(enough, {}, defaults);
  assert.ok(config.ok);
  const { listen, id, kinds, datacenter, zone, announce, jobLeaseMs, retentionMs } = config.value;
  assert.deepEqual([listen, id, kinds, datacenter, zone], ["127.0.0.1:0", "made-up", "/kinds", "dc-a", "z1"]);
  assert.deepEqual([announce.kind, jobLeaseMs, retentionMs], ["nowhere", 5_000, 30 * 86_400_000]);
});

test("variables stand in for flags, and flags win", () => {
  const env = { WEIR_REPORT_DATA: "e", WEIR_REPORT_LOCALITY: "dc-b/z2", WEIR_REPORT_QUEUE_LIMIT: "7" };
  const config = parseConfig(["--data", "f"], env, defaults);
  assert.ok(config.ok);
  assert.deepEqual(
    [config.value.data, config.value.datacenter, config.value.limits],
    ["f", "dc-b", { queue: 7, tenant: 7 }],
  );
});

test("everything wrong with the configuration is said at once", () => {
  const flags = ["--locality", "Here", "--listen", "9001", "--weight", "0", "--job-lease", "soon", "--registry", "x"];
  const config = parseConfig([...flags, "--metadata", "v1", "--log-level", "loud"], {}, defaults);
  assert.ok(!config.ok);
  assert.deepEqual(config.problems.map(({ at }) => at).sort(), [
    "--data",
    "--job-lease",
    "--listen",
    "--locality",
    "--log-level",
    "--metadata",
    "--registry",
    "--weight",
  ]);
});

test("a server registers in one place", () => {
  const both = parseConfig([...enough, "--registry", "http://a", "--consul", "http://b"], {}, defaults);
  assert.ok(!both.ok && both.problems[0]?.at === "--consul");
  const one = parseConfig([...enough, "--consul", "http://b:8500"], {}, defaults);
  assert.ok(one.ok && one.value.announce.kind === "consul");
});

test("the usage gives every flag's help in one column", () => {
  const lines = usage.split("\n\n").slice(1, -1).join("\n").split("\n");
  assert.ok(lines.length > 50);
  for (const line of lines) assert.match(line, /^ {2}(--[a-z0-9-]+ \S+ +(?<=^.{28})\S|--[a-z0-9-]+ \S+$| {26}\S)/);
});

test("an unknown flag is named", () => {
  const config = parseConfig([...enough, "--colour", "red"], {}, defaults);
  assert.ok(!config.ok && config.problems[0]?.says.includes("--colour"));
});
