import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type DescMessage, fromJson, type JsonObject, type MessageShape } from "@bufbuild/protobuf";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { VirtualHostSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { envoyTypes } from "@weir/proto/grpc/envoy-types.ts";
import { brokenRules } from "@weir/proto/grpc/field-rules.ts";
import type { ResourceSet } from "../translate/resource-set.ts";
import { createTranslate } from "../translate/translate.ts";
import { readCase } from "./golden-case.ts";

test("what Envoy takes breaks none of its rules", () => {
  for (const name of ["patches", "fault-and-rate-limit", "sidecar-inbound", "health-check-grpc"]) {
    const file = new URL(`../../testdata/translate/${name}.in.yaml`, import.meta.url);
    const read = readCase(readFileSync(file, "utf8"), name);
    assert.ok(read.ok);
    for (const viewer of read.value.viewers.values()) {
      const { clusters, listeners, routes }: ResourceSet = createTranslate()(read.value.world, viewer).resources;
      assert.deepEqual(
        [
          ...clusters.flatMap((each) => texts(ClusterSchema, each)),
          ...listeners.flatMap((each) => texts(ListenerSchema, each)),
          ...routes.flatMap((each) => texts(RouteConfigurationSchema, each)),
        ],
        [],
        name,
      );
    }
  }
});

test("what breaks a rule of Envoy's is found, wherever it stands", () => {
  const cluster = (fields: JsonObject) => says(ClusterSchema, { name: "report", ...fields });
  assert.deepEqual(cluster({}), []);
  assert.deepEqual(cluster({ name: "" }), ['name "" has fewer than 1 characters']);
  assert.deepEqual(cluster({ connect_timeout: "0s" }), ["connect_timeout 0s is not more than 0s"]);
  assert.deepEqual(cluster({ lb_policy: 77 }), ["lb_policy 77 is none of LbPolicy"]);
  assert.deepEqual(cluster({ outlier_detection: { max_ejection_percent: 101 } }), [
    "outlier_detection.max_ejection_percent 101 is not at most 100",
  ]);
  assert.deepEqual(cluster({ load_assignment: { cluster_name: "x", endpoints: [{ priority: 129 }] } }), [
    "load_assignment.endpoints.0.priority 129 is not at most 128",
  ]);
  const grpcCheck = { timeout: "1s", interval: "1s", unhealthy_threshold: 1, grpc_health_check: {} };
  assert.deepEqual(cluster({ health_checks: [grpcCheck] }), ["health_checks.0.healthy_threshold is required"]);
  assert.deepEqual(says(VirtualHostSchema, { name: "a", domains: [] }), ["domains has 0 entries, fewer than 1"]);
  const limit = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
  assert.deepEqual(cluster({ typed_extension_protocol_options: { a: { "@type": limit } } }), [
    'typed_extension_protocol_options.a.stat_prefix "" has fewer than 1 characters',
  ]);
});

function says(schema: DescMessage, json: JsonObject): readonly string[] {
  return texts(schema, fromJson(schema, json, { registry: envoyTypes() }));
}

function texts<D extends DescMessage>(schema: D, message: MessageShape<D>): readonly string[] {
  return brokenRules(schema, message, envoyTypes()).map(({ path, says }) => `${path.join(".")} ${says}`);
}
