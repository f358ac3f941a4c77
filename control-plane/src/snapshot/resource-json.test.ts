import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromJson, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { type Cluster, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { SecretSchema } from "@weir/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { envoyTypes } from "@weir/proto/grpc/envoy-types.ts";
import { resourceJson } from "./resource-json.ts";

test("what a patch put into a resource is shown, whatever type of Envoy's it is", () => {
  const rawBuffer = {
    name: "envoy.transport_sockets.raw_buffer",
    typed_config: { "@type": "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer" },
  };
  const cluster: Cluster = fromJson(
    ClusterSchema,
    { name: "report", transport_socket: rawBuffer },
    { registry: envoyTypes() },
  );
  const typeUrl = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
  const json = resourceJson(create(AnySchema, { typeUrl, value: toBinary(ClusterSchema, cluster) }));
  assert.deepEqual(json, { "@type": typeUrl, name: "report", transport_socket: rawBuffer });
});

test("a secret is told by its type alone", () => {
  const typeUrl = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
  const value = toBinary(SecretSchema, create(SecretSchema, { name: "key" }));
  assert.deepEqual(resourceJson(create(AnySchema, { typeUrl, value })), { "@type": typeUrl });
});
