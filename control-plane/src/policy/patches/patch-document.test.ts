import assert from "node:assert/strict";
import { test } from "node:test";
import { patchDocument, patchOf } from "./patch-document.ts";

test("a patch is for Envoys unless told", () => {
  const operations = [{ op: "add", path: "/connect_timeout", value: "2s" }];
  const result = patchDocument.parse(document({ type: "Cluster", name: "report", operations }));
  assert.deepEqual(patchOf(result), {
    name: "tuned",
    type: "Cluster",
    target: "report",
    clients: ["envoy-edge", "envoy-sidecar"],
    operations,
  });
});

test("what no resource of the type can become is refused before there is one", () => {
  const cases: readonly (readonly [string, object, RegExp])[] = [
    [
      "Cluster",
      { op: "add", path: "/connect_timout", value: "2s" },
      /no field "connect_timout"; did you mean "connect_timeout"/,
    ],
    ["Cluster", { op: "add", path: "/connectTimeout", value: "2s" }, /write it as in the .proto file/],
    ["Cluster", { op: "add", path: "/connect_timeout", value: "soon" }, /does not decode.*Duration/],
    ["Cluster", { op: "add", path: "/health_checks/x", value: {} }, /"x" is no place in the list/],
    ["Cluster", { op: "add", path: "/health_checks/-", value: { timeot: "1s" } }, /"timeot" is unknown/],
    ["Cluster", { op: "replace", path: "/name", value: "other" }, /not to be changed/],
    ["Cluster", { op: "move", from: "/name", path: "/alt_stat_name" }, /not to be changed/],
    ["Cluster", { op: "add", path: "/connect_timeout/seconds/deep", value: 1 }, /^$/],
    ["Cluster", { op: "add", path: "/alt_stat_name/deep", value: 1 }, /has no fields of its own/],
    [
      "Cluster",
      { op: "add", path: "/connect_timeout", value: "0s" },
      /Envoy would refuse it: connect_timeout 0s is not more than 0s/,
    ],
    ["Cluster", { op: "add", path: "/outlier_detection/max_ejection_percent", value: 101 }, /101 is not at most 100/],
    ["Cluster", { op: "add", path: "/health_checks/-", value: {} }, /^$/],
    ["Cluster", { op: "remove", path: "/connect_timeout", value: 1 }, /is not for remove/],
    ["Cluster", { op: "add", path: "/connect_timeout" }, /add needs it/],
    ["Cluster", { op: "add", path: "connect_timeout", value: "1s" }, /expected a JSON pointer/],
    ["Cluster", { op: "add", path: "/metadata/__proto__/x", value: 1 }, /does not lead to a field/],
    ["VirtualHost", { op: "add", path: "/domains/-", value: "*" }, /domains of a VirtualHost is not to be changed/],
    [
      "Listener",
      { op: "add", path: `${chain}/0`, value: { typed_config: { "@type": "type.googleapis.com/no.Such" } } },
      /no.Such/,
    ],
    [
      "Listener",
      { op: "add", path: `${chain}/0`, value: { typed_config: fault({ abort: { status: 1 } }) } },
      /"status" is unknown/,
    ],
    [
      "Listener",
      { op: "add", path: `${chain}/0`, value: { typed_config: fault({ abort: { http_status: 503 } }) } },
      /^$/,
    ],
    ["Listener", { op: "add", path: `${chain}/0`, value: deep(2_000) }, /^(?!.*stack)/],
  ];
  for (const [type, operation, expected] of cases) {
    const { error } = patchDocument.safeParse(document({ type, name: "x", operations: [operation] }));
    assert.match(
      error?.issues.map(({ message }) => message).join("; ") ?? "",
      expected,
      JSON.stringify(operation).slice(0, 200),
    );
  }
});

const chain = "/filter_chains/0/filters/0/typed_config/http_filters";

function fault(fields: object): object {
  return { "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault", ...fields };
}

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

function document(spec: object): object {
  return { apiVersion: "weir/v1alpha1", kind: "Patch", metadata: { name: "tuned" }, spec };
}
