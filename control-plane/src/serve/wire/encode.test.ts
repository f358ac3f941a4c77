import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import {
  DeltaDiscoveryResponseSchema,
  DiscoveryResponseSchema,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { typeUrls, type XdsResource } from "../../snapshot/resource.ts";
import type { Response } from "../conversation/push.ts";
import { encode } from "./encode.ts";

const body = create(AnySchema, { typeUrl: typeUrls.cluster, value: new Uint8Array([1, 2, 3]) });
const resource: XdsResource = { type: "cluster", name: "a", version: "v1", stamp: 1n, body, uses: [], revision: 1 };
const response: Response = {
  type: "cluster",
  nonce: "7",
  version: "sum",
  resources: [resource],
  removed: ["b", "c"],
  errors: [{ name: "b", code: 5, message: "not there" }],
  heartbeat: false,
};

test("the bytes of a delta response are those of its message", () => {
  const decoded = fromBinary(DeltaDiscoveryResponseSchema, new Uint8Array(encode(response, "delta").payload));
  assert.equal(decoded.systemVersionInfo, "sum");
  assert.equal(decoded.nonce, "7");
  assert.equal(decoded.typeUrl, typeUrls.cluster);
  assert.deepEqual(decoded.removedResources, ["b", "c"]);
  assert.deepEqual(
    decoded.resources.map(({ name, version, resource }) => ({ name, version, resource })),
    [{ name: "a", version: "v1", resource: body }],
  );
});

test("the bytes of a state-of-the-world response are those of its message", () => {
  const decoded = fromBinary(
    DiscoveryResponseSchema,
    new Uint8Array(encode({ ...response, removed: [] }, "sotw").payload),
  );
  assert.equal(decoded.versionInfo, "sum");
  assert.equal(decoded.nonce, "7");
  assert.equal(decoded.typeUrl, typeUrls.cluster);
  assert.deepEqual(decoded.resources, [body]);
});
