import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCassandraUrl } from "./cassandra-url.ts";

test("a URL of Cassandra says where, whose replicas and how many", () => {
  const url = "cassandra://weir:s%40cret@a:9042,b/reports?datacenter=dc-a&copies=dc-a:3,dc-b:2&serial=global";
  assert.deepEqual(parseCassandraUrl(url), {
    contactPoints: ["a:9042", "b"],
    credentials: { user: "weir", password: "s@cret" },
    ...{ keyspace: "reports", datacenter: "dc-a", replication: { "dc-a": 3, "dc-b": 2 }, serial: "global" },
    timeoutMs: 10_000,
  });
  assert.deepEqual(parseCassandraUrl("cassandra://a/reports?datacenter=dc-a"), {
    contactPoints: ["a"],
    ...{ keyspace: "reports", datacenter: "dc-a", replication: { "dc-a": 1 }, serial: "local", timeoutMs: 10_000 },
  });
});

test("what is wrong with a URL is said", () => {
  for (const [url, says] of [
    ["cassandra://", /is written cassandra:/],
    ["cassandra://a/Reports'?datacenter=x", /is written cassandra:/],
    ["cassandra://a/?datacenter=x", /needs the name of a keyspace/],
    ["cassandra://a/reports", /needs datacenter=NAME/],
    ["cassandra://a/reports?datacenter=x&copies=x", /writes copies as/],
    ["cassandra://a/reports?datacenter=x&copies=x:0", /writes copies as/],
    ["cassandra://a/reports?datacenter=x&serial=none", /serial=local or/],
    ["cassandra://a/reports?datacentre=x", /no option datacentre/],
  ] as const) {
    assert.match(String(parseCassandraUrl(url)), says, url);
  }
});
