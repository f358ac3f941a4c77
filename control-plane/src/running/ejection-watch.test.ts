import assert from "node:assert/strict";
import { test } from "node:test";
import { createEjectionWatch } from "./ejection-watch.ts";
import type { ClusterLook, HostLook } from "./envoy-clusters.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000);

function host(address: string, more: Partial<HostLook> = {}): HostLook {
  const isEjected = more.isEjected ?? false;
  return {
    ...{ address, locality: "dc-a/z1", isEjected, requests: 0, errors: 0, successRate: undefined },
    flags: isEjected ? ["failed_outlier_check"] : [],
    ...more,
  };
}

function cluster(hosts: readonly HostLook[], more: Partial<ClusterLook> = {}): ClusterLook {
  return { cluster: "report", hosts, overflow: 0, panic: 0, breakersOpen: [], ...more };
}

function watchOfReport() {
  return createEjectionWatch({ serviceOf: (cluster) => (cluster === "report" ? cluster : undefined) });
}

test("an ejection is told with how many of the clients that see the endpoint, from its begin to its end", () => {
  const watch = watchOfReport();
  const well = [host("10.0.0.1:80"), host("10.0.0.2:80")];
  const ill = [host("10.0.0.1:80", { isEjected: true }), host("10.0.0.2:80")];
  watch.looked("edge-1", [cluster(ill)], at(0));
  watch.looked("edge-2", [cluster(well)], at(1));
  watch.looked("edge-3", [cluster([host("10.0.0.2:80")]), { ...cluster(ill), cluster: "someone-else's" }], at(1));
  const [began, ...others] = watch.settle(at(1));
  assert.deepEqual(others, []);
  assert.deepEqual(
    [began?.what, began?.change, began?.address, began?.clients, began?.of],
    ["ejection", "began", "10.0.0.1:80", 1, 2],
  );
  assert.deepEqual(watch.settle(at(2)), [], "what goes on is told once");

  watch.looked("edge-2", [cluster(ill)], at(3));
  assert.deepEqual(watch.settle(at(3)), []);
  const [endpoint] = watch.now().endpoints;
  assert.deepEqual([endpoint?.state, endpoint?.clients, endpoint?.of, endpoint?.since], ["enforced", 2, 2, at(0)]);

  for (const nodeId of ["edge-1", "edge-2"]) watch.looked(nodeId, [cluster(well)], at(9));
  const [ended] = watch.settle(at(9));
  assert.deepEqual([ended?.change, ended?.lastedMs, ended?.isUnknown], ["ended", 9_000, undefined]);
  assert.deepEqual(
    watch.now().lanes[0]?.segments.map(({ from, to, clients }) => [from, to, clients]),
    [
      [at(1), at(3), 1],
      [at(3), at(9), 2],
    ],
  );
  assert.deepEqual([watch.now().happened, watch.now().happenings.length], [2, 2]);
  watch.settle(at(9 + 31 * 60));
  assert.deepEqual(watch.now().lanes, [], "half an hour is remembered");
});

test("of ejections that maxEjectionPercent suppressed the endpoints that failed are told, and forgotten when they are well", () => {
  const watch = watchOfReport();
  const look = (seconds: number, overflow: number, errors: number, panic = 0) =>
    watch.looked(
      "edge-1",
      [
        cluster(
          [
            host("10.0.0.1:80", { requests: 10 * seconds, errors }),
            host("10.0.0.2:80", { requests: 10 * seconds, errors: 1 }),
          ],
          { overflow, panic, breakersOpen: seconds === 2 ? ["default.rq_open"] : [] },
        ),
      ],
      at(seconds),
    );
  look(1, 7, 0);
  assert.deepEqual(watch.settle(at(1)), [], "counters that were there before say nothing");
  look(2, 9, 10, 3);
  assert.deepEqual(
    watch.settle(at(2)).map(({ what, change, address, state, breaker }) => [what, change, address ?? breaker, state]),
    [
      ["ejection", "began", "10.0.0.1:80", "suppressed"],
      ["panic", "began", undefined, undefined],
      ["breaker", "began", "default.rq_open", undefined],
    ],
  );
  const { panics, breakers, lanes } = watch.now();
  assert.deepEqual(
    [...panics, ...breakers].map(({ what, clients, of }) => [what, clients, of]),
    [
      ["panic", 1, 1],
      ["default.rq_open", 1, 1],
    ],
  );
  assert.deepEqual(
    lanes.map(({ address, segments }) => [address, segments[0]?.state]),
    [
      [undefined, "panic"],
      ["10.0.0.1:80", "suppressed"],
    ],
  );
  look(3, 9, 10, 3);
  assert.deepEqual(
    watch.settle(at(3)).map(({ what, change }) => `${what} ${change}`),
    ["panic ended", "breaker ended"],
  );
  look(4, 9, 10, 3);
  look(5, 9, 10, 3);
  assert.deepEqual(
    watch.settle(at(5)).map(({ what, change }) => `${what} ${change}`),
    ["ejection ended"],
  );
});

test("what nobody can tell any more is not told to be well", () => {
  const watch = watchOfReport();
  watch.looked("edge-1", [cluster([host("10.0.0.1:80", { isEjected: true })])], at(0));
  watch.settle(at(0));
  watch.lost("edge-1");
  const [ended] = watch.settle(at(5));
  assert.deepEqual([ended?.change, ended?.isUnknown], ["ended", true]);
});
