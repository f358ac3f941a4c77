import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { dataFrames, type Headers, headerBlock, headers, message } from "./frames.ts";

export const types = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
} as const;

const ads = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
export const deltaPath = `${ads}/DeltaAggregatedResources`;
export const sotwPath = `${ads}/StreamAggregatedResources`;

export const node = { id: "hostile", cluster: "test", userAgentName: "envoy" };

/** The headers of a gRPC call. */
export function callHeaders(path: string = deltaPath, more: Headers = []): Buffer {
  return headerBlock([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "weir"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ]);
}

export function deltaRequest(request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): Buffer {
  return message(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request)));
}

export function sotwRequest(request: MessageInitShape<typeof DiscoveryRequestSchema>): Buffer {
  return message(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request)));
}

/** Opens a stream and sends these messages on it. */
export function callWith(stream: number, ...messages: readonly Buffer[]): Buffer {
  return Buffer.concat([headers(stream, callHeaders()), ...messages.map((each) => dataFrames(stream, each))]);
}

/** A length-delimited field of a protobuf message, by hand. */
export function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
