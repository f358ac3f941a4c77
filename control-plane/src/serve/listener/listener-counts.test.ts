import assert from "node:assert/strict";
import { test } from "node:test";
import { addressKey, createConnectionCounts } from "./listener-counts.ts";

const caps = { maxConnections: 3, maxConnectionsPerAddress: 2 };

test("an address has its share, and all together theirs", () => {
  const counts = createConnectionCounts();
  assert.equal(counts.add("10.0.0.1", caps), undefined);
  assert.equal(counts.add("10.0.0.1", caps), undefined);
  assert.equal(counts.add("10.0.0.1", caps), "too-many-of-address");
  assert.equal(counts.add("10.0.0.2", caps), undefined);
  assert.equal(counts.add("10.0.0.3", caps), "too-many");
  counts.remove("10.0.0.1");
  assert.equal(counts.all, 2);
  assert.equal(counts.add("10.0.0.1", caps), undefined);
});

test("0 is no limit", () => {
  const counts = createConnectionCounts();
  for (let index = 0; index < 100; index++)
    assert.equal(counts.add("10.0.0.1", { maxConnections: 0, maxConnectionsPerAddress: 0 }), undefined);
  assert.equal(counts.all, 100);
});

test("an IPv4 address is the same on a socket of both families, and of IPv6 the network counts", () => {
  assert.equal(addressKey("10.0.0.1"), "10.0.0.1");
  assert.equal(addressKey("::ffff:10.0.0.1"), "10.0.0.1");
  assert.equal(addressKey("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2");
  assert.equal(addressKey("2001:db8:1:2::6"), "2001:db8:1:2");
  assert.equal(addressKey("2001:db8::6"), "2001:db8:0:0");
  assert.equal(addressKey("fe80::1%eth0"), "fe80:0:0:0");
  assert.equal(addressKey("::1"), "0:0:0:0");
});
