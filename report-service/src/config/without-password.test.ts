import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutPassword } from "./without-password.ts";

test("no URL shows its password, however it is written", () => {
  for (const [url, shown] of [
    ["postgres://weir:hunter2@a:1,b/reports", "postgres://weir:…@a:1,b/reports"],
    ["cassandra://weir:hun:ter2@a/reports", "cassandra://weir:…@a/reports"],
    ["cassandra://weir:hun/ter2@a/reports", "cassandra://weir:…@a/reports"],
    ["cassandra://weir:hun@ter2@a/reports", "cassandra://weir:…@a/reports"],
    ["cassandra://weir:://hunter2@a/reports", "cassandra://weir:…@a/reports"],
    ["cassandra://:hunter2@a/reports", "cassandra://:…@a/reports"],
    ["amqp:weir:hunter2@a", "amqp:…@a"],
    ["weir:hunter2@a", "weir:…@a"],
    ["dc-b=postgres://weir:hunter2@a,b/reports", "dc-b=postgres://weir:…@a,b/reports"],
  ] as const) {
    assert.equal(withoutPassword(url), shown);
  }
});

test("what has none is shown as it is", () => {
  for (const url of ["cassandra://a:9042,b/reports?datacenter=x", "postgres://weir@a/reports", "sqlite3"])
    assert.equal(withoutPassword(url), url);
});
