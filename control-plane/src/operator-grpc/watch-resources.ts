import { create } from "@bufbuild/protobuf";
import { type ServiceError, status } from "@grpc/grpc-js";
import {
  type Resource,
  RevisionSchema,
  type WatchResourcesRequest,
  type WatchResourcesResponse,
  WatchResourcesResponseSchema,
  WatchStartedSchema,
} from "@weir/proto/weir/operator/v1/resources_pb.ts";
import { messageOf } from "./answering.ts";
import type { FollowRoute } from "./ask-routes.ts";
import type { Caller } from "./caller.ts";
import { followEvents } from "./follow-events.ts";
import { collectionNamed } from "./resource-message.ts";

type Parts = {
  readonly follow: FollowRoute;
  readonly one: (named: { readonly kind: string; readonly name: string }, caller: Caller) => Promise<Resource>;
};

type RevisionEvent = {
  readonly revision: number;
  readonly changes: readonly { readonly kind: string; readonly name: string; readonly action: string }[];
  readonly changesLeftOut: number;
};

/** Each revision, with what it wrote. */
export async function* watchResources(
  { follow, one }: Parts,
  { resumeToken, kinds }: WatchResourcesRequest,
  caller: Caller,
  signal: AbortSignal,
): AsyncGenerator<WatchResourcesResponse, void, undefined> {
  for (const kind of kinds) collectionNamed(kind, "kinds");
  for await (const { event, id, data } of followEvents(follow, { caller, after: resumeToken }, signal)) {
    if (event === "hello") {
      const started = messageOf(WatchStartedSchema, data);
      // What is told again follows: a watch that ends before it has to begin where this one did.
      const token = resumeToken === "" || started.resumed === "none" ? `r${started.revision}` : resumeToken;
      yield create(WatchResourcesResponseSchema, {
        resumeToken: token,
        event: { case: "started", value: started },
      });
    }
    if (event !== "revision") continue;
    const { revision, changes, changesLeftOut } = data as RevisionEvent;
    const wanted = changes.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
    if (wanted.length === 0 && changesLeftOut === 0) continue;
    yield create(WatchResourcesResponseSchema, {
      // What is told again of long ago has no place in this process.
      resumeToken: id ?? `r${revision}`,
      event: { case: "revision", value: messageOf(RevisionSchema, { ...(data as object), changes: wanted }) },
      resources: await written(wanted),
    });
  }

  async function written(changes: RevisionEvent["changes"]): Promise<Resource[]> {
    const resources: Resource[] = [];
    for (const change of changes) {
      if (change.action === "delete") continue;
      const found = await one(change, caller).catch((error: unknown) => {
        // Removed meanwhile: a revision that follows says so.
        if ((error as Partial<ServiceError>).code === status.NOT_FOUND) return undefined;
        throw error;
      });
      if (found) resources.push(found);
    }
    return resources;
  }
}
