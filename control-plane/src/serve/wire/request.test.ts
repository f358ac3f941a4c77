import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { decodeDelta, decodeSotw } from "./request.ts";

const typeUrl = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

test("a state-of-the-world request is read as protobuf reads it", () => {
  const message = create(DiscoveryRequestSchema, {
    typeUrl,
    versionInfo: "v1",
    responseNonce: "7",
    resourceNames: ["a", "ü", ""],
    node: { id: "edge-1" },
    errorDetail: { message: "bad" },
  });
  const { names, node, nodeBytes, ...rest } = decodeSotw(Buffer.from(toBinary(DiscoveryRequestSchema, message)));
  assert.deepEqual(rest, { typeUrl, version: "v1", nonce: "7", rejects: "bad" });
  assert.deepEqual(names.names(), ["a", "ü", ""]);
  assert.equal(node?.id, "edge-1");
  assert.equal(nodeBytes, 8);
});

test("a delta request is read as protobuf reads it", () => {
  const message = create(DeltaDiscoveryRequestSchema, {
    typeUrl,
    responseNonce: "7",
    resourceNamesSubscribe: ["a", "b"],
    resourceNamesUnsubscribe: ["c"],
    initialResourceVersions: { a: "v1", b: "" },
  });
  const { initial, ...rest } = decodeDelta(Buffer.from(toBinary(DeltaDiscoveryRequestSchema, message)));
  assert.deepEqual(rest, {
    typeUrl,
    node: undefined,
    nodeBytes: 0,
    nonce: "7",
    rejects: undefined,
    subscribe: ["a", "b"],
    unsubscribe: ["c"],
  });
  assert.deepEqual(
    [...initial],
    [
      ["a", "v1"],
      ["b", ""],
    ],
  );
});

test("names that do not stand together are all read", () => {
  const part = (name: string) =>
    toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { resourceNames: [name] }));
  const other = toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl }));
  const { names } = decodeSotw(Buffer.concat([part("a"), other, part("b")]));
  assert.deepEqual(names.names(), ["a", "b"]);
});

test("bytes that are no message are refused", () => {
  for (const bytes of [
    [0x0a, 0xff],
    [0x07],
    [0x00, 0x00],
    Array(12).fill(0xff),
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ]) {
    assert.throws(() => decodeDelta(Buffer.from(bytes)), /the request/);
  }
});

test("versions that a returning client tells are read however they are written", () => {
  const long = "n".repeat(300);
  const part = (initialResourceVersions: Record<string, string>) =>
    toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, { initialResourceVersions }));
  const other = toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, { typeUrl }));
  // Field 5: the value before the key, a key alone, and a field that nobody knows behind both.
  const backwards = [0x2a, 0x06, 0x12, 0x01, 0x32, 0x0a, 0x01, 0x62];
  const keyAlone = [0x2a, 0x03, 0x0a, 0x01, 0x63];
  const unknown = [0x2a, 0x08, 0x0a, 0x01, 0x64, 0x12, 0x01, 0x34, 0x18, 0x01];
  const bytes = [
    part({ a: "1" }),
    backwards,
    part({ ü: "3" }),
    other,
    keyAlone,
    unknown,
    part({ [long]: long, e: "5" }),
  ];
  const { initial } = decodeDelta(Buffer.concat(bytes.map((each) => Buffer.from(each))));
  const expected = [
    ["a", "1"],
    ["b", "2"],
    ["ü", "3"],
    ["c", ""],
    ["d", "4"],
    [long, long],
    ["e", "5"],
  ];
  assert.deepEqual([...initial], expected);
  assert.deepEqual([...initial], expected, "a second time");
  const cut = decodeDelta(Buffer.from([0x2a, 0x05, 0x0a, 0x09, 0x61, 0x12, 0x00]));
  assert.throws(() => [...cut.initial], /ends in the middle/);
});
