import { create } from "@bufbuild/protobuf";
import {
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from "@weir/proto/envoy/config/core/v3/config_source_pb.ts";

/** "Ask on the stream that brought you this", which is all that gRPC clients accept. */
export function adsSource(): ConfigSource {
  return create(ConfigSourceSchema, {
    configSourceSpecifier: { case: "ads", value: {} },
    resourceApiVersion: ApiVersion.V3,
  });
}

/** "The server that brought you this", for load reports. */
export function selfSource(): ConfigSource {
  return create(ConfigSourceSchema, {
    configSourceSpecifier: { case: "self", value: {} },
    resourceApiVersion: ApiVersion.V3,
  });
}
