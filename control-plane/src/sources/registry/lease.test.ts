import assert from "node:assert/strict";
import { test } from "node:test";
import { at, endpoint, serviceName } from "../testing.ts";
import { afterPut, endpointsOf, type Lease, nextEndMs } from "./lease.ts";

const service = serviceName("report");
const one = endpoint("10.0.0.1:1");
const put = (before: Lease | undefined, given = one, leaseSeconds = 10, seconds = 0) =>
  afterPut(before, { service, endpoint: given, leaseSeconds }, { now: at(seconds), monotonicMs: seconds * 1000 });

test("a first put creates; the same again prolongs and changes nothing", () => {
  const first = put(undefined);
  assert.equal(first.change, "created");
  const second = put(first.lease, endpoint("10.0.0.1:1"), 10, 5);
  assert.equal(second.change, "none");
  assert.equal(second.lease.endpoint, first.lease.endpoint);
  assert.deepEqual([second.lease.registeredAt, second.lease.renewedAt, second.lease.expiresMs], [at(0), at(5), 15_000]);
});

test("a put with other content or another length changes", () => {
  const { lease } = put(undefined);
  assert.equal(put(lease, endpoint("10.0.0.1:1", { weight: 7 })).change, "changed");
  assert.equal(put(lease, one, 20).change, "changed");
});

test("a lease of 0 seconds does not end", () => {
  const { lease } = put(undefined, one, 0);
  assert.equal(lease.expiresMs, undefined);
  assert.equal(nextEndMs([lease], 1e12), undefined);
});

test("an instance that drains and goes on renewing goes on draining", () => {
  const { lease } = put(undefined);
  const draining = { ...lease, endpoint: { ...lease.endpoint, health: "draining" as const } };
  const renewed = put(draining, one, 10, 5);
  assert.deepEqual([renewed.change, renewed.lease.endpoint.health], ["none", "draining"]);
});

test("the earliest end is waited for, and one that is over not at all", () => {
  const early = put(undefined, one, 10).lease;
  const late = put(undefined, endpoint("10.0.0.2:1"), 60).lease;
  assert.equal(nextEndMs([late, early], 4_000), 6_000);
  assert.equal(nextEndMs([late, early], 11_000), 0);
});

test("of two leases for one address the newer counts", () => {
  const old = put(undefined, endpoint("10.0.0.1:1", { metadata: { version: "v1" } }), 10, 0).lease;
  const young = put(undefined, endpoint("10.0.0.1:1", { metadata: { version: "v2" } }), 10, 1).lease;
  for (const leases of [
    [old, young],
    [young, old],
  ])
    assert.deepEqual(
      endpointsOf(leases).map(({ metadata }) => metadata),
      [{ version: "v2" }],
    );
});
