import { setImmediate as turn } from "node:timers/promises";
import type { ServiceName } from "../model/names.ts";
import { type ClientGroup, clientGroups, withEveryKind } from "../plan/effective/client-groups.ts";
import { type EffectiveRow, effectiveOn } from "../plan/effective/effective-on.ts";
import { effectiveWords } from "../plan/effective/effective-words.ts";
import type { StoredDocument } from "../policy/policy-store.ts";
import type { ClientView } from "../serve/clients.ts";
import type { Description } from "./describe-shapes.ts";
import { documentsAbout } from "./documents-about.ts";
import { type Holding, holdingOf } from "./holding-of.ts";
import type { OperatorParts, ResourceNames } from "./parts.ts";

/** A document in force with all that holds for it: what it says and what is left to defaults, who does what of it, and who has it. */
export async function describe(
  parts: OperatorParts,
  document: StoredDocument,
  defaults: "differing" | "all",
): Promise<Description> {
  const { about, services } = documentsAbout(parts.policies, document);
  const told = services.map((name) => servicePart(parts, name));
  const clients = await holders(parts.clients.list(), (client) =>
    told.flatMap(({ names }) => names?.[kindOf(client)] ?? []),
  );
  const groups = withEveryKind(clientGroups(clients.map(({ client: { agent } }) => agent)));
  const documents = about.map(({ kind, name, spec, stored }) => ({
    kind,
    name,
    origin: stored ? stored.origin : { kind: "default" as const },
    ...(stored && { accepted: acceptedOf(stored) }),
    rows: stored ? effectiveOn({ kind, spec }, groups, { defaults }) : unwritten({ kind, spec }, groups, defaults),
  }));
  return {
    kind: document.kind,
    name: document.name,
    revision: parts.policies.books.current()?.revision ?? 0,
    services: told.map(({ name, served, why, names }) => ({
      name,
      served,
      ...(why !== undefined && { why }),
      ...(names && { resources: copied(names) }),
    })),
    documents: documents.map(({ rows, ...rest }) => ({
      ...rest,
      fields: rows.map(({ on, ...row }) => ({ ...row, on: on.map((each) => ({ ...each })) })),
    })),
    clients: groups.map(({ kind, version, clients: count }) => ({ kind, version, clients: count })),
    programmed: programmedOf(clients),
    notes: [
      ...about.flatMap(({ kind, name }) => (kind === "Patch" ? parts.patchProblems(name) : [])),
      ...documents.flatMap(({ rows }) => effectiveWords(rows.filter(({ origin }) => origin === "document"))),
    ],
  };
}

type Holder = { readonly client: ClientView; readonly holding: Holding };

/** So many clients take a few milliseconds; then others have their turn. */
const clientsAtATime = 250;

/** Those who were told of these resources. */
async function holders(
  clients: readonly ClientView[],
  namesFor: (client: ClientView) => readonly ResourceNames[],
): Promise<readonly Holder[]> {
  const found: Holder[] = [];
  for (const [index, client] of clients.entries()) {
    const holding = holdingOf(client, namesFor(client));
    if (holding) found.push({ client, holding });
    if (index % clientsAtATime === clientsAtATime - 1) await turn();
  }
  return found;
}

/** The rows of what nobody wrote: whom it is for is no field of it. */
function unwritten(
  document: Parameters<typeof effectiveOn>[0],
  groups: readonly ClientGroup[],
  defaults: "differing" | "all",
): readonly EffectiveRow[] {
  return effectiveOn(document, groups, { defaults })
    .filter(({ path }) => !/^(service|targetRefs)/.test(path))
    .map((row) => ({ ...row, origin: "default" }));
}

type Names = Readonly<Record<"envoy-edge" | "envoy-sidecar" | "grpc", ResourceNames>>;

function servicePart({ worlds, whyNotServed, resourceNames }: OperatorParts, name: ServiceName) {
  const service = worlds.current()?.catalog.get(name);
  if (service) return { name, served: true, why: undefined, names: resourceNames(service.spec) };
  const why = whyNotServed(name) ?? `there is no service "${name}"`;
  return { name, served: false, why, names: undefined };
}

function kindOf({ kind, role }: ClientView): keyof Names {
  if (kind === "grpc") return "grpc";
  return role === "edge" ? "envoy-edge" : "envoy-sidecar";
}

function copied(names: Names) {
  const copy = ({ listeners, routes, clusters, endpoints }: ResourceNames) => ({
    listeners: [...listeners],
    routes: [...routes],
    clusters: [...clusters],
    endpoints: [...endpoints],
  });
  return {
    "envoy-edge": copy(names["envoy-edge"]),
    "envoy-sidecar": copy(names["envoy-sidecar"]),
    grpc: copy(names.grpc),
  };
}

function acceptedOf({ revision, etag, changed }: StoredDocument) {
  return { revision, etag, at: changed.at.toISOString(), by: changed.by, reason: changed.reason };
}

function programmedOf(clients: readonly Holder[]): Description["programmed"] {
  return {
    clients: clients.length,
    has: clients.filter(({ holding }) => holding.kind === "has").length,
    behind: clients.filter(({ holding }) => holding.kind === "behind").length,
    rejects: clients.flatMap(({ client: { nodeId, agent }, holding }) =>
      holding.kind === "rejects" ? [{ nodeId, agent, ...holding.what }] : [],
    ),
  };
}
