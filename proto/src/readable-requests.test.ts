import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Health, HealthCheckRequestSchema } from "../gen/grpc/health/v1/health_pb.ts";
import { readable, requireReadable } from "./readable-requests.ts";
import { serviceOf } from "./service.ts";

test("a request is decoded, or kept as the error that its handler throws", () => {
  const { check } = readable(serviceOf(Health), {
    undecodable: (says) => new Error(`it ${says}`),
    tooLarge: (length) => (length > 100 ? new Error(`${length} bytes`) : undefined),
  });
  const read = (bytes: Uint8Array) => requireReadable(check?.requestDeserialize(Buffer.from(bytes)));
  const request = create(HealthCheckRequestSchema, { service: "weir" });
  assert.deepEqual(read(toBinary(HealthCheckRequestSchema, request)), request);
  assert.throws(() => read(Buffer.from([0xff])), /^Error: it is no message of the type that this method takes: ./);
  assert.throws(() => read(Buffer.alloc(101)), /^Error: 101 bytes$/);
});
