import { status } from "@grpc/grpc-js";
import { itemMadeOf } from "./made-up-world.ts";
import type { PlainStream } from "./plain-client.ts";
import type { PlainReply } from "./plain-reply.ts";
import { urlOf } from "./plain-types.ts";
import type { Reply, Request } from "./simulated-client.ts";

/** Sends what the simulated client says. */
export function sendRequest(
  stream: PlainStream,
  { type, nonce = "", rejects, names = [], version = "", ...delta }: Pick<Request, "type"> & Partial<Request>,
): void {
  const common = {
    ...{ typeUrl: urlOf(type), responseNonce: nonce },
    ...(rejects !== undefined && { errorDetail: { code: status.INVALID_ARGUMENT, message: rejects } }),
  };
  const { subscribe = [], unsubscribe = [], initial = [] } = delta;
  if (stream.variant === "sotw") stream.sendSotw({ ...common, resourceNames: [...names], versionInfo: version });
  else
    stream.sendDelta({
      ...common,
      resourceNamesSubscribe: [...subscribe],
      resourceNamesUnsubscribe: [...unsubscribe],
      initialResourceVersions: Object.fromEntries(initial),
    });
}

/** What a server said, as the simulated client hears it. */
export function heardReply({ type, nonce, version, resources, removed, errors }: PlainReply): Reply {
  return {
    ...{ type, nonce, version, removed, heartbeat: false },
    resources: resources.map(({ name, content = "", version: told }) => {
      const item = itemMadeOf(type, name, content);
      if (told !== "" && told !== item.version) throw new Error(`${type} ${name}@${content} has the version ${told}`);
      return item;
    }),
    errors: errors.map(({ name }) => name),
  };
}
