import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../config.ts";

const defaults = { kinds: "/kinds", id: "made-up" };
const required = ["--data", "/tmp/x", "--locality", "dc-a/z1"];

test("peers are given one by one or in one list, each with its replica here first", () => {
  const b = "dc-b=postgres://weir@b1:1,b2:2,b3:3/reports?sslmode=require";
  const c = "dc-c=postgresql://weir@c1,c2/reports";
  const expected = [
    {
      datacenter: "dc-b",
      here: "postgres://weir@b1:1/reports?sslmode=require",
      there: ["postgres://weir@b2:2/reports?sslmode=require", "postgres://weir@b3:3/reports?sslmode=require"],
    },
    { datacenter: "dc-c", here: "postgresql://weir@c1/reports", there: ["postgresql://weir@c2/reports"] },
  ];
  for (const flags of [
    ["--peer", b, "--peer", c],
    ["--peer", `${b},${c}`],
  ]) {
    const config = parseConfig([...required, ...flags], {}, defaults);
    assert.ok(config.ok);
    assert.deepEqual(config.value.peers, expected);
  }
  const none = parseConfig(required, {}, defaults);
  assert.deepEqual(none.ok && none.value.peers, []);
});

test("data centers that are lost are others than the own one", () => {
  const config = parseConfig([...required, "--lost-datacenters", "dc-b,dc-c"], {}, defaults);
  assert.deepEqual(config.ok && [...config.value.lostDatacenters], ["dc-b", "dc-c"]);
  const none = parseConfig(required, {}, defaults);
  assert.deepEqual(none.ok && [...none.value.lostDatacenters], []);
  for (const wrong of ["dc-a", "dc-b,dc-a", "dc-b, dc-c"]) {
    const parsed = parseConfig([...required, "--lost-datacenters", wrong], {}, defaults);
    assert.ok(!parsed.ok, wrong);
    assert.deepEqual(
      parsed.problems.map(({ at }) => at),
      ["--lost-datacenters"],
    );
  }
});

test("what is wrong with peers is said without their passwords", () => {
  const flags = [
    "--peer",
    "here",
    "--peer",
    "dc-a=postgres://a,b/reports",
    "--peer",
    "dc-c=postgres://weir:secret@alone/reports",
  ];
  const config = parseConfig([...required, ...flags], {}, defaults);
  assert.ok(!config.ok);
  assert.equal(config.problems.length, 3);
  assert.ok(config.problems.every(({ at, says }) => at === "--peer" && !says.includes("secret")));
});
