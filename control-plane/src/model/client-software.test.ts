import assert from "node:assert/strict";
import { test } from "node:test";
import { softwareOf } from "./client-software.ts";

test("a client's software and release are read from its user agent, as real clients spell it", () => {
  const read = (agent: string) => {
    const { kind, version, release } = softwareOf(agent);
    return `${kind} ${version} ${release?.join(".") ?? "-"}`;
  };
  assert.equal(read("envoy 1.40.0"), "envoy 1.40.0 1.40");
  assert.equal(read("gRPC Go 1.85.0"), "grpc-go 1.85.0 1.85");
  assert.equal(read("gRPC Go 1.86.0-dev"), "grpc-go 1.86.0-dev 1.86");
  assert.equal(read("gRPC Java 1.76.0"), "grpc-java 1.76.0 1.76");
  assert.equal(read("grpc-java 1.76.0"), "grpc-java 1.76.0 1.76");
  assert.equal(read("gRPC C-core linux C-core 58.0.0"), "grpc-core 58.0.0 58.0");
  assert.equal(read("gRPC C-core windows-vendor C-core 58.1.2-vendor"), "grpc-core 58.1.2-vendor 58.1");
  assert.equal(read("gRPC Node Pure JS 1.14.1"), "grpc-node 1.14.1 1.14");
  assert.equal(read("gRPC"), "grpc-other  -");
});

test("whoever does not say that it is gRPC is taken for an Envoy, with or without a version", () => {
  assert.deepEqual(softwareOf("my-proxy"), { kind: "envoy", version: "", release: undefined });
  assert.deepEqual(softwareOf(""), { kind: "envoy", version: "", release: undefined });
});
