import { getChannelzHandlers, getChannelzServiceDefinition, type ServiceDefinition } from "@grpc/grpc-js";
import { Channelz } from "@weir/proto/grpc/channelz/v1/channelz_pb.ts";
import { serviceOf } from "@weir/proto/grpc/service.ts";

/**
 * grpc.channelz.v1 of this process (https://github.com/grpc/proposal/blob/master/A14-channelz.md). grpc-js reads its .proto
 * for this by a parser of its own, which takes longer to load than all the rest of this server: it does so with the first call.
 */
export function channelzDefinition(): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(serviceOf(Channelz)).map(([, method]) => {
      const name = method.path.split("/").at(-1) ?? "";
      const real = () => {
        const found = getChannelzServiceDefinition()[name];
        if (!found) throw new Error(`grpc-js has no channelz method ${name}`);
        return found;
      };
      return [
        name,
        {
          ...method,
          originalName: name,
          requestDeserialize: (bytes: Buffer) => real().requestDeserialize(bytes),
          responseSerialize: (message: unknown) => real().responseSerialize(message),
        },
      ];
    }),
  );
}

export const channelzHandlers = getChannelzHandlers;
