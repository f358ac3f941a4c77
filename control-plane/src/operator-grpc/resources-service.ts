import { create } from "@bufbuild/protobuf";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import {
  ApplyResourcesResponseSchema,
  DeleteResourceResponseSchema,
  ListResourcesResponseSchema,
  ListRevisionsResponseSchema,
  PlanSchema,
  type Resource,
  type Resources,
  RollbackRevisionResponseSchema,
} from "@weir/proto/weir/operator/v1/resources_pb.ts";
import { pageOf } from "../operator/page-of.ts";
import { type Answering, invalid, messageOf } from "./answering.ts";
import type { Routes } from "./ask-routes.ts";
import type { Caller } from "./caller.ts";
import { pageQueryOf, pagesOf } from "./pages.ts";
import { collectionNamed, type Document, documentOf, resourceOf } from "./resource-message.ts";
import { watchResources } from "./watch-resources.ts";

type Listing = {
  readonly revision: number;
  readonly nextPageToken?: string;
  readonly stored: readonly { readonly name: string; readonly etag: string; readonly revision: number }[];
} & Readonly<Record<string, unknown>>;

/** weir.operator.v1.Resources over the routes of documents. */
export function resourcesService(
  { ask, read, follow }: Routes,
  { unary, streaming }: Answering,
): Handlers<typeof Resources> {
  async function one({ kind, name }: { readonly kind: string; readonly name: string }, caller: Caller) {
    const path = `/v1/${collectionNamed(kind)}/${encodeURIComponent(name)}`;
    const { document, ...state } = await read(path, caller);
    return resourceOf(document as Document, state);
  }

  return {
    listResources: unary(async ({ kind, ...pages }, caller) => {
      const collection = collectionNamed(kind);
      const asked = { method: "GET", path: `/v1/${collection}`, query: pagesOf(pages) } as const;
      const listing = (await ask(asked, caller)) as Listing;
      const { revision, stored, nextPageToken } = listing;
      const documents = listing[collection] as readonly Document[];
      return create(ListResourcesResponseSchema, {
        resources: documents.flatMap((document, index) => {
          const state = stored[index];
          return state ? [resourceOf(document, state)] : [];
        }),
        ...(nextPageToken !== undefined && { nextPageToken }),
        revision: BigInt(revision),
      });
    }),

    getResource: unary((request, caller) => one(request, caller)),

    applyResources: unary(
      async ({ resources, validateOnly, baseRevision, reason, requestId, planId, pruneKinds }, caller) => {
        const documents = resources.map(documentOf);
        const query = { reason, validateOnly: validateOnly || undefined };
        const apply = async (body: object) => {
          const write = { path: "/v1/config:apply", query, body, etag: baseOf(baseRevision), requestId };
          return messageOf(ApplyResourcesResponseSchema, await ask({ method: "POST", ...write }, caller));
        };
        if (planId !== "") {
          if (pruneKinds.length > 0) throw invalid("prune_kinds", "the plan says what goes: leave it out");
          // With documents beside a plan's id the route says that this is wrong.
          return apply({ planId, ...(documents.length > 0 && { documents }) });
        }
        return apply({ documents, ...etagsOf(resources), pruneKinds: kindsNamed(pruneKinds) });
      },
    ),

    deleteResource: unary(async ({ kind, name, etag, validateOnly, reason, requestId }, caller) => {
      const path = `/v1/${collectionNamed(kind)}/${encodeURIComponent(name)}`;
      const query = { reason, validateOnly: validateOnly || undefined };
      return messageOf(
        DeleteResourceResponseSchema,
        await ask({ method: "DELETE", path, query, etag, requestId }, caller),
      );
    }),

    planResources: unary(async ({ resources, delete: named, pruneKinds }, caller) => {
      const body = {
        ...{ documents: resources.map(documentOf), ...etagsOf(resources) },
        ...{ delete: named.map(({ kind, name }) => ({ kind, name })), pruneKinds: kindsNamed(pruneKinds) },
      };
      return messageOf(PlanSchema, await ask({ method: "POST", path: "/v1/config:plan", body }, caller));
    }),

    listRevisions: unary(async ({ pageSize, pageToken, document, fields }, caller) => {
      const query = { limit: 1_000, document, fields: fields || undefined };
      const answer = (await ask({ method: "GET", path: "/v1/revisions", query }, caller)) as {
        readonly revision: number;
        readonly revisions: readonly { readonly revision: number }[];
      };
      // The newest first, and in this order the pages go on.
      const keyOf = (each: { readonly revision: number }) => String(10 ** 15 - each.revision).padStart(16, "0");
      const { items, ...next } = pageOf(answer.revisions, pageQueryOf({ pageSize, pageToken, filter: "" }), {
        keyOf,
        fieldsOf: (each) => each,
      });
      const { revision } = answer;
      return messageOf(ListRevisionsResponseSchema, { revision, revisions: items, ...next });
    }),

    rollbackRevision: unary(async ({ revision, reason, validateOnly, baseRevision, requestId }, caller) => {
      const path = `/v1/revisions/${encodeURIComponent(revision)}:rollback`;
      const query = { reason, validateOnly: validateOnly || undefined };
      const etag = baseOf(baseRevision);
      return messageOf(
        RollbackRevisionResponseSchema,
        await ask({ method: "POST", path, query, etag, requestId }, caller),
      );
    }),

    watchResources: streaming((request, caller, signal) => watchResources({ follow, one }, request, caller, signal)),
  };
}

function baseOf(revision: bigint): string | undefined {
  return revision === 0n ? undefined : `"r${revision}"`;
}

/** As they are; throws for what is no kind, in the message's words. */
function kindsNamed(pruneKinds: readonly string[]): readonly string[] {
  for (const kind of pruneKinds) collectionNamed(kind, "prune_kinds");
  return pruneKinds;
}

/** The states of documents that have to be in force, as config:apply takes them. */
function etagsOf(resources: readonly Resource[]): { readonly etags?: Readonly<Record<string, string>> } {
  const given = resources.filter(({ etag }) => etag !== "");
  if (given.length === 0) return {};
  return { etags: Object.fromEntries(given.map(({ kind, name, etag }) => [`${collectionNamed(kind)}/${name}`, etag])) };
}
