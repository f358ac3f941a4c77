import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { MetadataSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { HealthStatus } from "@weir/proto/envoy/config/core/v3/health_check_pb.ts";
import {
  type EndpointSchema,
  LbEndpointSchema,
  type LocalityLbEndpointsSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import fc from "fast-check";
import { encodeAssignment } from "./encode-assignment.ts";

type Assignment = MessageInitShape<typeof ClusterLoadAssignmentSchema>;

test("an assignment of ordinary endpoints is encoded to the very bytes of the generated code", () => {
  fc.assert(
    fc.property(assignments(), (init) => {
      const message = create(ClusterLoadAssignmentSchema, init);
      assert.deepEqual(encodeAssignment(message), toBinary(ClusterLoadAssignmentSchema, message));
    }),
    { numRuns: 500 },
  );
});

test("an assignment larger than the buffer so far is encoded whole, and a small one after it", () => {
  for (const count of [3_000, 1]) {
    const lbEndpoints = Array.from({ length: count }, (_, index) => endpoint(`host-${index}`));
    const message = create(ClusterLoadAssignmentSchema, { clusterName: "report", endpoints: [{ lbEndpoints }] });
    assert.deepEqual(encodeAssignment(message), toBinary(ClusterLoadAssignmentSchema, message));
  }
});

// Each says one thing that ordinary endpoints do not have.
const unusual: Readonly<Record<string, Assignment>> = {
  drops: { policy: { dropOverloads: [{ category: "all" }] } },
  "a time after which it is stale": { policy: { endpointStaleAfter: { seconds: 1n } } },
  "named endpoints": { namedEndpoints: { one: {} } },
  "a locality's metadata": { endpoints: [{ metadata: create(MetadataSchema) }] },
  "a locality's proximity": { endpoints: [{ proximity: 1 }] },
  "a list of endpoints by reference": { endpoints: [{ lbConfig: { case: "loadBalancerEndpoints", value: {} } }] },
  "an endpoint by name": { endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: "endpointName", value: "one" } }] }] },
  "an endpoint's metadata": {
    endpoints: [{ lbEndpoints: [{ ...endpoint("one"), metadata: create(MetadataSchema) }] }],
  },
  "no address": { endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: "endpoint", value: {} } }] }] },
  ...Object.fromEntries(
    (
      [
        ["a host name", { hostname: "one" }],
        ["a name for the metrics", { observabilityName: "one" }],
        ["a health check of its own", { healthCheckConfig: { portValue: 1 } }],
        ["more addresses", { additionalAddresses: [{}] }],
        ["a pipe", { address: { address: { case: "pipe", value: { path: "/one" } } } }],
      ] satisfies readonly (readonly [string, EndpointInit])[]
    ).map(([name, value]) => [name, withEndpoint({ ...ordinary("one"), ...value })]),
  ),
  ...Object.fromEntries(
    (
      [
        ["a named port", { portSpecifier: { case: "namedPort", value: "http" } }],
        ["a resolver", { resolverName: "one" }],
        ["a mapped address", { ipv4Compat: true }],
        ["a network namespace", { networkNamespaceFilepath: "/one" }],
      ] as const
    ).map(([name, more]) => {
      const value = { address: "one", portSpecifier: { case: "portValue", value: 1 }, ...more } as const;
      return [name, withEndpoint({ address: { address: { case: "socketAddress", value } } })];
    }),
  ),
};

for (const [name, init] of Object.entries(unusual)) {
  test(`an assignment with ${name} is left to the generated code`, () => {
    assert.equal(encodeAssignment(create(ClusterLoadAssignmentSchema, init)), undefined);
  });
}

test("fields that are not known are left to the generated code", () => {
  const lbEndpoint = create(LbEndpointSchema, endpoint("one"));
  lbEndpoint.$unknown = [{ no: 99, wireType: 0, data: new Uint8Array([1]) }];
  const message = create(ClusterLoadAssignmentSchema, { endpoints: [{ lbEndpoints: [lbEndpoint] }] });
  assert.equal(encodeAssignment(message), undefined);
});

type EndpointInit = MessageInitShape<typeof EndpointSchema>;

function ordinary(address: string, port = 9_090) {
  const value = { address, portSpecifier: { case: "portValue", value: port } } as const;
  return { address: { address: { case: "socketAddress" as const, value } } };
}

function endpoint(address: string) {
  return { hostIdentifier: { case: "endpoint" as const, value: ordinary(address) }, loadBalancingWeight: 100 };
}

function withEndpoint(value: EndpointInit): Assignment {
  return { endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: "endpoint", value } }] }] };
}

function assignments(): fc.Arbitrary<Assignment> {
  const text = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.string({ minLength: 120, maxLength: 300 }));
  const number = fc.oneof(fc.constantFrom(0, 1, 127, 128, 16_384, 2 ** 31, 2 ** 32 - 1), fc.nat({ max: 2 ** 32 - 1 }));
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const lbEndpoint = fc
    .record({ host: text, port: number, healthStatus: fc.constantFrom(...statuses), weight: maybe(number) })
    .map(({ host, port, healthStatus, weight }) => ({
      ...{ hostIdentifier: { case: "endpoint" as const, value: ordinary(host, port) }, healthStatus },
      ...(weight === undefined ? {} : { loadBalancingWeight: weight }),
    }));
  const locality: fc.Arbitrary<MessageInitShape<typeof LocalityLbEndpointsSchema>> = fc.record(
    {
      locality: fc.record({ region: text, zone: text, subZone: text }),
      lbEndpoints: fc.array(lbEndpoint),
      loadBalancingWeight: number,
      priority: number,
    },
    { requiredKeys: [] },
  );
  const policy = fc.record(
    { overprovisioningFactor: number, weightedPriorityHealth: fc.boolean() },
    { requiredKeys: [] },
  );
  return fc.record({ clusterName: text, endpoints: fc.array(locality), policy }, { requiredKeys: [] });
}

const statuses = Object.values(HealthStatus).filter((value) => typeof value === "number");
