import assert from "node:assert/strict";
import { test } from "node:test";
import { fault, faultOf } from "./fault-field.ts";
import { rateLimit, rateLimitOf } from "./rate-limit-field.ts";

test("a limit without a burst lets as many through at once as in one interval", () => {
  assert.deepEqual(rateLimitOf(rateLimit.parse({ local: { requests: 100 } })), {
    local: { bucket: { requests: 100, perMs: 1_000, burst: 100 }, buckets: [] },
    global: undefined,
  });
});

test("with buckets only, the rest is not limited; a header without a value is each of its values", () => {
  const { local } = rateLimitOf(
    rateLimit.parse({ local: { buckets: [{ headers: [{ name: "x-tenant" }], requests: 5, per: "1m", burst: 8 }] } }),
  );
  assert.equal(local?.bucket.burst, 4_294_967_295);
  assert.deepEqual(local?.buckets, [
    { headers: [{ name: "x-tenant", value: undefined }], bucket: { requests: 5, perMs: 60_000, burst: 8 } },
  ]);
});

test("a rate-limit service is asked about headers, addresses and constants, and let through when it is silent", () => {
  const descriptors = [[{ header: { name: "x-tenant" } }, { remoteAddress: {} }], [{ constant: { value: "all" } }]];
  assert.deepEqual(
    rateLimitOf(rateLimit.parse({ global: { service: "limits", domain: "report", descriptors } })).global,
    {
      service: "limits",
      domain: "report",
      descriptors: [
        [{ kind: "header", name: "x-tenant", key: "x-tenant" }, { kind: "remote-address" }],
        [{ kind: "constant", key: "generic_key", value: "all" }],
      ],
      failOpen: true,
      timeoutMs: 100,
    },
  );
});

test("what Envoy would refuse or nobody can mean is refused", () => {
  const says = (value: unknown) =>
    rateLimit
      .safeParse(value)
      .error?.issues.map(({ message }) => message)
      .join("; ") ?? "";
  const tenant = { headers: [{ name: "x-tenant", value: "gold" }, { name: "x-kind" }], requests: 1 };
  const again = { headers: tenant.headers.toReversed(), requests: 2 };
  assert.match(says({}), /expected local, global or both/);
  assert.match(says({ local: {} }), /expected requests, buckets or both/);
  assert.match(says({ local: { burst: 1, buckets: [tenant] } }), /burst|which is not there/);
  assert.match(says({ local: { requests: 1, per: "49ms" } }), /from 50ms/);
  assert.match(says({ local: { buckets: [tenant, again] } }), /are those of buckets\[0\] already/);
  assert.match(
    says({ local: { buckets: [{ headers: [{ name: "a" }, { name: "a" }], requests: 1 }] } }),
    /listed twice/,
  );
  assert.match(says({ local: { buckets: [{ headers: [{ name: "X-Tenant" }], requests: 1 }] } }), /lower case/);
});

test("a fault holds back, answers, or both, for a part of the requests", () => {
  const spec = fault.parse({
    delay: { fixed: "2s", percent: 12.5 },
    abort: { grpcStatus: "UNAVAILABLE" },
    onHeaders: [{ name: "x-chaos", value: "on" }],
  });
  assert.deepEqual(faultOf(spec), {
    onHeaders: [{ name: "x-chaos", value: { kind: "exact", text: "on" }, invert: false }],
    delay: { percent: 12.5, by: { kind: "fixed", ms: 2_000 } },
    abort: { percent: 100, with: { kind: "grpc", status: 14 } },
    responseRate: undefined,
  });
  const says = (value: unknown) =>
    fault
      .safeParse(value)
      .error?.issues.map(({ message }) => message)
      .join("; ") ?? "";
  assert.match(says({}), /expected some of delay, abort, responseRate/);
  assert.match(says({ abort: { grpcStatus: "INTERNAL", httpStatus: 500 } }), /only one of/);
  assert.match(says({ delay: { percent: 5 } }), /expected one of fixed, fromHeader/);
});
