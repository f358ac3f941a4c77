import type { Scene, SeenClient } from "./scene.ts";

const grpcOfClients = new WeakMap<readonly SeenClient[], readonly SeenClient[]>();

/** The connected gRPC clients; found once for all services. */
export function grpcOf({ clients }: Scene): readonly SeenClient[] {
  if (clients === undefined) return [];
  const known = grpcOfClients.get(clients) ?? clients.filter(({ kind }) => kind === "grpc");
  grpcOfClients.set(clients, known);
  return known;
}
