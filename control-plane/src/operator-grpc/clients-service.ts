import { create } from "@bufbuild/protobuf";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import {
  ClientSchema,
  type Clients,
  ClientsChangedSchema,
  GetClientConfigResponseSchema,
  ListClientsResponseSchema,
  type WatchClientsResponse,
  WatchClientsResponseSchema,
} from "@weir/proto/weir/operator/v1/clients_pb.ts";
import { WatchStartedSchema } from "@weir/proto/weir/operator/v1/resources_pb.ts";
import { type Answering, messageOf } from "./answering.ts";
import type { FollowRoute, Routes } from "./ask-routes.ts";
import type { Caller } from "./caller.ts";
import { followEvents } from "./follow-events.ts";
import { pagesOf } from "./pages.ts";

/** weir.operator.v1.Clients over the routes of clients. */
export function clientsService(
  { ask, follow }: Pick<Routes, "ask" | "follow">,
  { unary, streaming }: Answering,
): Handlers<typeof Clients> {
  return {
    listClients: unary(async (pages, caller) =>
      messageOf(
        ListClientsResponseSchema,
        await ask({ method: "GET", path: "/v1/clients", query: pagesOf(pages) }, caller),
      ),
    ),
    getClient: unary(async ({ nodeId }, caller) =>
      messageOf(ClientSchema, await ask({ method: "GET", path: `/v1/clients/${encodeURIComponent(nodeId)}` }, caller)),
    ),
    getClientConfig: unary(async ({ nodeId, type, name, config }, caller) => {
      const path = `/v1/clients/${encodeURIComponent(nodeId)}/resources`;
      const query = { type, name, config: config || undefined };
      return messageOf(GetClientConfigResponseSchema, await ask({ method: "GET", path, query }, caller));
    }),
    watchClients: streaming(({ resumeToken }, caller, signal) => watchClients(follow, { caller, resumeToken }, signal)),
  };
}

async function* watchClients(
  follow: FollowRoute,
  { caller, resumeToken }: { readonly caller: Caller; readonly resumeToken: string },
  signal: AbortSignal,
): AsyncGenerator<WatchClientsResponse, void, undefined> {
  for await (const { event, id = "", data } of followEvents(follow, { caller, after: resumeToken }, signal)) {
    if (event === "hello") {
      const value = messageOf(WatchStartedSchema, data);
      yield create(WatchClientsResponseSchema, { resumeToken, event: { case: "started", value } });
    }
    if (event !== "clients") continue;
    const value = messageOf(ClientsChangedSchema, data);
    yield create(WatchClientsResponseSchema, { resumeToken: id, event: { case: "clients", value } });
  }
}
