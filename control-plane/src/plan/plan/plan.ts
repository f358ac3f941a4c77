import type { Steps } from "../../lib/in-turns.ts";
import type { ServiceName } from "../../model/names.ts";
import { type Viewer, viewerKey } from "../../model/viewer.ts";
import type { World } from "../../model/world.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { analyzing } from "../analyze/analyze.ts";
import { type Finding, findingKey } from "../analyze/finding.ts";
import type { Scene } from "../analyze/scene.ts";
import { type FieldChange, fieldChanges } from "./field-changes.ts";
import { type ResourceKey, reachOf, resourceKey } from "./reach.ts";
import { type ResourceChange, resourceChanges } from "./resource-changes.ts";
import { type PlannedClient, type TouchedClients, touchedClients } from "./touched-clients.ts";
import { type TrafficChange, trafficChanges } from "./traffic-changes.ts";

/** What a change of documents would do. Nothing of it has been done. */
export type Plan = {
  /** The revision that it starts from: what is in force. */
  readonly base: number;
  /** Those that differ from what is in force. */
  readonly documents: readonly DocumentChange[];
  readonly resources: readonly ResourceChange[];
  readonly clients: {
    /** Connected clients that will be sent something, of all. */
    readonly touched: number;
    readonly of: number;
    readonly groups: readonly TouchedClients[];
  };
  readonly traffic: readonly TrafficChange[];
  /** Those that the change brings about, and those that it takes away. */
  readonly findings: readonly Finding[];
  readonly resolved: readonly Finding[];
  /** Services whose endpoints nobody knows before their sources are asked, which they are once the change is applied. */
  readonly unknown: readonly ServiceName[];
};

export type DocumentChange = {
  readonly kind: string;
  readonly name: string;
  readonly action: "create" | "update" | "delete";
  readonly fields: readonly FieldChange[];
};

/** Documents and the world that they make, beside the clients and loads that are the same before and after. */
export type PlannedState = { readonly scene: Scene; readonly world: World };

/** What leads from one state to the other, for those who are connected; in steps, as it may take longer than a turn. */
export function* planning({
  before,
  after,
  viewers,
  clients,
  snapshotOf,
}: {
  readonly before: PlannedState;
  readonly after: PlannedState;
  /** Of the connected clients. */
  readonly viewers: readonly Viewer[];
  readonly clients: readonly PlannedClient[];
  /** What a viewer holds in a world. */
  readonly snapshotOf: (world: World, viewer: Viewer) => Snapshot;
}): Steps<Plan> {
  const distinct = [...new Map(viewers.map((viewer) => [viewerKey(viewer), viewer])).values()];
  const steps: { readonly before: Snapshot; readonly after: Snapshot }[] = [];
  for (const viewer of distinct) {
    // The world in force last: translation remembers the lists that it saw last, and is asked about this one again next.
    const then = snapshotOf(after.world, viewer);
    yield;
    steps.push({ before: snapshotOf(before.world, viewer), after: then });
    yield;
  }
  const asking = askingIn(clients, steps);
  const isAskedFor = (viewer: string) => (key: ResourceKey) =>
    asking.some(({ client, asks }) => client.viewer === viewer && asks(key));
  const resources = resourceChanges(steps.map((step) => ({ ...step, isAskedFor: isAskedFor(step.after.viewer) })));
  const changed = new Map<string, ResourceKey[]>();
  for (const { type, name, viewers: those } of resources)
    for (const viewer of those) changed.set(viewer, [...(changed.get(viewer) ?? []), resourceKey(type, name)]);
  const touched = asking.filter(({ client, asks }) => changed.get(client.viewer)?.some(asks));
  const groups = touchedClients(touched.map(({ client }) => client));
  const found = yield* analyzing(before.scene);
  const then = yield* analyzing(after.scene);
  const { clients: seen = [], loads: observed } = before.scene;
  const served = after.world.catalog;
  return {
    base: before.world.revision,
    documents: documentChanges(before.scene, after.scene),
    resources,
    clients: { touched: touched.length, of: clients.length, groups },
    traffic: trafficChanges(before.world, after.world, { clients: seen, observed }),
    findings: without(then, found),
    resolved: without(found, then),
    unknown: [...after.scene.book.services.keys()].filter((name) => !served.has(name)),
  };
}

type Asking = { readonly client: PlannedClient; readonly asks: (key: ResourceKey) => boolean };

/** What each client asks for; clients that ask for the same share one answer. */
function askingIn(
  clients: readonly PlannedClient[],
  steps: readonly { readonly before: Snapshot; readonly after: Snapshot }[],
): readonly Asking[] {
  const byViewer = new Map<string, readonly Snapshot[]>(
    steps.map(({ before, after }) => [after.viewer, [before, after]]),
  );
  const known = new Map<string, ReadonlySet<ResourceKey>>();
  return clients.map((client): Asking => {
    const { viewer, listeners } = client;
    if (listeners === undefined) return { client, asks: () => true };
    const key = `${viewer}\n${[...listeners].sort().join("\n")}`;
    const reached = known.get(key) ?? reachOf(listeners, byViewer.get(viewer) ?? []);
    known.set(key, reached);
    return { client, asks: (each) => reached.has(each) };
  });
}

/** Does the change do anything? */
export function isEmptyPlan({ documents, resources }: Plan): boolean {
  return resources.length === 0 && documents.length === 0;
}

function without(findings: readonly Finding[], others: readonly Finding[]): readonly Finding[] {
  const known = new Set(others.map(findingKey));
  return findings.filter((each) => !known.has(findingKey(each)));
}

function documentChanges(before: Scene, after: Scene): readonly DocumentChange[] {
  const byKey = (scene: Scene) => new Map(scene.written.map((each) => [`${each.kind}/${each.name}`, each]));
  const [old, next] = [byKey(before), byKey(after)];
  return [...new Set([...old.keys(), ...next.keys()])].sort().flatMap((key): readonly DocumentChange[] => {
    const [was, is] = [old.get(key), next.get(key)];
    if (was === is) return [];
    const { kind, name } = is ?? was ?? { kind: "", name: "" };
    if (was === undefined) return [{ kind, name, action: "create", fields: [] }];
    if (is === undefined) return [{ kind, name, action: "delete", fields: [] }];
    const fields = fieldChanges(was.document, is.document);
    return fields.length > 0 ? [{ kind, name, action: "update", fields }] : [];
  });
}
