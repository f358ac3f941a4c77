import type { TypeStatus } from "./clients.ts";
import type { Connected } from "./connected-clients.ts";
import type { Identity } from "./identity.ts";

const never: TypeStatus = { status: "NOT_SENT", since: new Date(0) };

/** For tests of what shows clients: a client in the table, of which only what matters needs to be said. */
export function connectedClient({
  identity,
  ...rest
}: Partial<Omit<Connected, "identity">> & { readonly identity?: Partial<Identity<unknown>> } = {}): Connected {
  const { resources = () => [] } = rest;
  return {
    identity: {
      nodeId: "client-1",
      cluster: "billing",
      kind: "grpc",
      role: "proxyless",
      locality: "dc-a/z1",
      agent: "gRPC Node 1.14.7",
      viewer: {},
      ...identity,
    },
    viewer: "grpc/dc-a/z1",
    protocol: "sotw",
    peer: "127.0.0.1:4000",
    connectedAt: new Date(),
    status: () => ({ cluster: never, endpoints: never, listener: never, routes: never }),
    resources,
    resource(type, name) {
      for (const each of resources()) if (each.type === type && each.name === name) return each;
      return undefined;
    },
    cost: () => ({ requests: 0, responses: 0, responseBytes: 0, acks: 0, nacks: 0 }),
    settled: () => false,
    rejects: () => false,
    sweep: () => undefined,
    ...rest,
  };
}
