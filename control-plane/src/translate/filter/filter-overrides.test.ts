import assert from "node:assert/strict";
import { test } from "node:test";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { HTTPFaultSchema } from "@weir/proto/envoy/extensions/filters/http/fault/v3/fault_pb.ts";
import { LocalRateLimitSchema } from "@weir/proto/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.ts";
import { RateLimitPerRouteSchema } from "@weir/proto/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb.ts";
import { parseServiceName, type ServiceName } from "../../model/names.ts";
import type { GlobalRateLimit, LocalRateLimit } from "../../model/rate-limit.ts";
import type { Fault } from "../../model/route.ts";
import { faultyMatch, filterOverridesOf, limitersOf } from "./filter-overrides.ts";
import { envoyHttpFilters, grpcHttpFilters } from "./http-filters.ts";

test("filters are off until a route turns them on, and the router is the last", () => {
  const filters = envoyHttpFilters(limitersOf([{ fault: undefined, rateLimit: { local, global } }], () => true));
  assert.deepEqual(
    filters.map(({ name, disabled }) => [name, disabled]),
    [
      ["envoy.filters.http.fault", true],
      ["envoy.filters.http.local_ratelimit", true],
      ["envoy.filters.http.ratelimit/limits/open/20ms", true],
      ["envoy.filters.http.stateful_session", true],
      ["envoy.filters.http.router", false],
    ],
  );
  assert.deepEqual(
    grpcHttpFilters().map(({ name }) => name),
    ["envoy.filters.http.fault", "envoy.filters.http.router"],
  );
});

test("a rule turns on what it says, in the filters that the listener has", () => {
  const rule = { fault, rateLimit: { local, global } };
  const limiters = limitersOf([rule], () => true);
  const overrides = filterOverridesOf(rule, "envoy", { name: "report", limiters });
  const known = envoyHttpFilters(limiters).map(({ name }) => name);
  assert.deepEqual(
    Object.keys(overrides).filter((name) => !known.includes(name)),
    [],
  );

  const [aborted, limited, asked] = Object.values(overrides);
  assert.ok(aborted && limited && asked);
  const { abort, delay } = anyUnpack(aborted, HTTPFaultSchema) ?? {};
  assert.deepEqual(abort?.errorType, { case: "grpcStatus", value: 14 });
  assert.equal(abort?.percentage?.numerator, 125_000, "12.5 % of a million");
  assert.equal(delay?.faultDelaySecifier.case, "headerDelay");
  const { tokenBucket, descriptors, rateLimits, maxDynamicDescriptors } =
    anyUnpack(limited, LocalRateLimitSchema) ?? {};
  assert.equal(tokenBucket?.maxTokens, 20);
  assert.deepEqual(
    descriptors?.map(({ entries }) => entries.map(({ key, value }) => [key, value])),
    [[["x-tenant", "gold"]], [["x-tenant", ""]]],
  );
  assert.equal(rateLimits?.length, 1, "both buckets look at the same header");
  assert.ok(maxDynamicDescriptors);
  assert.equal(anyUnpack(asked, RateLimitPerRouteSchema)?.rateLimits[0]?.actions.length, 3);
});

test("a gRPC client is sent faults only, those for some headers with a match of their own", () => {
  const at = { name: "report", limiters: [] };
  const rule = { fault, rateLimit: { local, global } };
  assert.deepEqual(Object.keys(filterOverridesOf(rule, "grpc", at)), ["envoy.filters.http.fault"]);
  const onHeaders = [{ name: "x-chaos", value: { kind: "present" as const }, invert: false }];
  assert.deepEqual(filterOverridesOf({ ...rule, fault: { ...fault, onHeaders } }, "grpc", at), {});
  const match = { path: { kind: "any" as const }, headers: [], queryParameters: [], percent: 100 };
  assert.deepEqual(faultyMatch({ ...fault, onHeaders }, match), { ...match, headers: onHeaders });
  assert.equal(faultyMatch({ ...fault, onHeaders }, { ...match, percent: 50 }), undefined);
  assert.equal(faultyMatch(fault, match), undefined);
});

test("a rate-limit service that cannot be reached is not asked; equal ways of asking are one filter", () => {
  const rule = { fault: undefined, rateLimit: { local: undefined, global } };
  const slower = { fault: undefined, rateLimit: { local: undefined, global: { ...global, timeoutMs: 50 } } };
  assert.deepEqual(
    limitersOf([rule, slower, rule], () => true).map(({ timeoutMs }) => timeoutMs),
    [20, 50],
  );
  assert.deepEqual(
    limitersOf([rule], () => false),
    [],
  );
  assert.deepEqual(filterOverridesOf(rule, "envoy", { name: "report", limiters: [] }), {});
});

const fault: Fault = {
  onHeaders: [],
  delay: { percent: 100, by: { kind: "from-header" } },
  abort: { percent: 12.5, with: { kind: "grpc", status: 14 } },
  responseRate: undefined,
};

const local: LocalRateLimit = {
  bucket: { requests: 10, perMs: 1_000, burst: 20 },
  buckets: [
    { headers: [{ name: "x-tenant", value: "gold" }], bucket: { requests: 5, perMs: 1_000, burst: 5 } },
    { headers: [{ name: "x-tenant", value: undefined }], bucket: { requests: 1, perMs: 1_000, burst: 1 } },
  ],
};

const global: GlobalRateLimit = {
  service: serviceName("limits"),
  domain: "report",
  descriptors: [
    [
      { kind: "header", key: "tenant", name: "x-tenant" },
      { kind: "remote-address" },
      { kind: "constant", key: "route", value: "create" },
    ],
  ],
  failOpen: true,
  timeoutMs: 20,
};

function serviceName(text: string): ServiceName {
  const name = parseServiceName(text);
  assert.ok(name);
  return name;
}
