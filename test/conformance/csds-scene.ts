import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type ConnectedClients, createConnectedClients } from "../../control-plane/src/serve/connected-clients.ts";
import { csdsService, type StatusNote } from "../../control-plane/src/serve/csds/csds-service.ts";
import { connectStatusClient, type StatusClient } from "./csds-client.ts";

/** The status service over a table of clients that a test fills. */
export type CsdsScene = AsyncDisposable & {
  readonly clients: ConnectedClients;
  readonly notes: readonly StatusNote[];
  readonly status: StatusClient;
};

export async function startCsdsScene(
  limits: { readonly readTimeoutMs?: number; readonly silenceMs?: number } = {},
): Promise<CsdsScene> {
  const clients = createConnectedClients();
  const notes: StatusNote[] = [];
  const { definition, handlers } = csdsService({ clients, observe: (note) => notes.push(note), ...limits });
  const server = new Server();
  server.addService(definition, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    const done = (error: Error | null, chosen: number) => (error ? reject(error) : resolve(chosen));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), done);
  });
  const status = connectStatusClient(`127.0.0.1:${port}`);
  return {
    clients,
    notes,
    status,
    async [Symbol.asyncDispose]() {
      status[Symbol.dispose]();
      server.forceShutdown();
    },
  };
}
