import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type JsonValue, type MessageInitShape } from "@bufbuild/protobuf";
import { NodeSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { viewerKey } from "../model/viewer.ts";
import { viewerOfNode } from "./viewer-of-node.ts";

const read = (node: MessageInitShape<typeof NodeSchema>) => viewerOfNode(create(NodeSchema, node));

test("an Envoy of the cluster edge is an edge, any other a sidecar of its service", () => {
  const edge = read({ id: "e1", cluster: "edge", userAgentName: "envoy", locality: { region: "dc-a", zone: "z1" } });
  assert.deepEqual(edge.ok && edge.value.viewer, {
    flavour: "envoy",
    role: "edge",
    locality: { region: "dc-a", zone: "z1", subZone: "" },
    listen: { host: "0.0.0.0", port: 10_000 },
  });
  const sidecar = read({ id: "s1", cluster: "billing", userAgentName: "envoy" });
  assert.equal(sidecar.ok && sidecar.value.viewer.flavour === "envoy" && sidecar.value.viewer.role, "sidecar");
});

test("clients that call themselves gRPC are proxyless, in every language's spelling", () => {
  for (const userAgentName of ["gRPC Go", "gRPC Node Pure JS", "gRPC C-core linux", "grpc-java", "gRPC Java"]) {
    const client = read({ id: "c1", userAgentName });
    assert.equal(client.ok && client.value.viewer.flavour, "grpc", userAgentName);
  }
});

test("gRPC clients of one library are one viewer, whatever version they say, unless theirs lacks what others are sent", () => {
  const key = (userAgentName: string, version: string) => {
    const userAgentVersionType = { case: "userAgentVersion" as const, value: version };
    const client = read({ id: "c1", userAgentName, userAgentVersionType, locality: { region: "dc-a", zone: "z1" } });
    return client.ok && viewerKey(client.value.viewer);
  };
  assert.equal(key("gRPC Go", "1.85.0"), "grpc/go/dc-a/z1");
  assert.equal(key("gRPC Go", "1.999.12345-of-a-hostile-client"), "grpc/go/dc-a/z1");
  assert.equal(key("gRPC Go", ""), "grpc/go/dc-a/z1");
  assert.equal(key("gRPC Go", "1.40.1"), "grpc/go-without-ring-hash/dc-a/z1");
  assert.equal(key("gRPC C-core linux", "C-core 58.0.0"), "grpc/core/dc-a/z1");
  assert.equal(key("gRPC C-core linux", "C-core 18.0.0"), "grpc/core-without-ring-hash/dc-a/z1");
  assert.equal(key("gRPC Node Pure JS", "1.14.1"), "grpc/node/dc-a/z1");
  assert.equal(key("gRPC Java", "1.76.0"), "grpc/java/dc-a/z1");
  assert.equal(key("gRPC Zig", "0.1"), "grpc/other/dc-a/z1");
});

test("metadata says where an Envoy's listener binds", () => {
  const node = read({ id: "e1", cluster: "edge", metadata: { weir: { listen: "127.0.0.1:4711" } } });
  assert.deepEqual(node.ok && node.value.viewer.flavour === "envoy" && node.value.viewer.listen, {
    host: "127.0.0.1",
    port: 4711,
  });
});

test("metadata says what a sidecar takes calls for; what is wrong with that does not cost it the rest", () => {
  const report = { service: "report", listen: "0.0.0.0:9091", application: "127.0.0.1:9090" };
  const inboundOf = (cluster: string, inbound: JsonValue) => {
    const node = read({ id: "s1", cluster, userAgentName: "envoy", metadata: { weir: { inbound } } });
    assert.ok(node.ok);
    return { key: viewerKey(node.value.viewer), problems: (node.value.problems ?? []).map(({ at }) => at) };
  };
  const key = "envoy/sidecar//127.0.0.1:15001";
  const taken = `${key} takes report=0.0.0.0:9091/127.0.0.1:9090`;
  assert.deepEqual(inboundOf("report", [report]), { key: taken, problems: [] });
  assert.deepEqual(inboundOf("report", []), { key, problems: [] });
  assert.deepEqual(inboundOf("report", "all"), { key, problems: ["node.metadata.weir.inbound"] });
  const partly = inboundOf("report", [{ ...report, listen: 7 }, report]);
  assert.deepEqual(partly, { key: taken, problems: ["node.metadata.weir.inbound[0].listen"] });
  const edge = inboundOf("edge", [report]);
  assert.deepEqual(edge, { key: "envoy/edge//0.0.0.0:10000", problems: ["node.metadata.weir.inbound"] });
});

test("all that is wrong with a node is said at once", () => {
  const node = read({ id: "", cluster: "x".repeat(600), metadata: { weir: { listen: "everywhere" } } });
  assert.deepEqual(node.ok ? [] : node.problems.map(({ at }) => at), [
    "node.id",
    "node.cluster",
    "node.metadata.weir.listen",
  ]);
});

test("a stream without a node is refused", () => {
  assert.equal(viewerOfNode(undefined).ok, false);
});
