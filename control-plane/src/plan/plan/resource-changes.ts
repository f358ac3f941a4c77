import { byText } from "../../lib/order.ts";
import type { ViewerKey } from "../../model/viewer.ts";
import { diff } from "../../snapshot/diff.ts";
import { type ResourceType, resourceTypes, type XdsResource } from "../../snapshot/resource.ts";
import { resourceJson } from "../../snapshot/resource-json.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { type FieldChange, fieldChanges } from "./field-changes.ts";
import { type ResourceKey, resourceKey } from "./reach.ts";

/** A resource that some clients will hold another version of. */
export type ResourceChange = {
  readonly type: ResourceType;
  readonly name: string;
  readonly action: "added" | "changed" | "removed";
  /** For whom; clients with the same viewer are sent the same. */
  readonly viewers: readonly ViewerKey[];
  /** What it has before and after, of the content's hash; undefined: none. */
  readonly versionBefore: string | undefined;
  readonly versionAfter: string | undefined;
  /** What differs in its JSON form; at most `maxFields`. */
  readonly fields: readonly FieldChange[];
  readonly fieldsLeftOut: number;
};

/** What a viewer is to hold before and after, and which of that any client with this viewer asks for. */
export type ViewerStep = {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly isAskedFor: (key: ResourceKey) => boolean;
};

const maxFields = 100;
/** Beyond so many a plan is not read field by field; which resources change it says all the same. */
const maxCompared = 200;

/** How what viewers hold differs before and after; the same change for several viewers is one. */
export function resourceChanges(snapshots: readonly ViewerStep[]): readonly ResourceChange[] {
  const found = new Map<string, Sighted>();
  for (const { before, after, isAskedFor } of snapshots) {
    for (const { type, changed, removed } of diff(before, after)) {
      const old = before.resources[type];
      for (const next of changed)
        if (isAskedFor(resourceKey(type, next.name))) note(found, after.viewer, type, old.get(next.name), next);
      for (const name of removed)
        if (isAskedFor(resourceKey(type, name))) note(found, after.viewer, type, old.get(name), undefined);
    }
  }
  const inOrder = [...found.values()].sort(
    (a, b) => resourceTypes.indexOf(a.type) - resourceTypes.indexOf(b.type) || byText(a.name, b.name),
  );
  return inOrder.map(({ type, name, before, after, viewers }, index): ResourceChange => {
    const isCompared = before !== undefined && after !== undefined && index < maxCompared;
    const fields = isCompared ? fieldChanges(resourceJson(before.body), resourceJson(after.body)) : [];
    return {
      type,
      name,
      action: before === undefined ? "added" : after === undefined ? "removed" : "changed",
      viewers: [...viewers].sort(byText),
      versionBefore: before?.version,
      versionAfter: after?.version,
      fields: fields.slice(0, maxFields),
      fieldsLeftOut: Math.max(0, fields.length - maxFields),
    };
  });
}

type Sighted = {
  readonly type: ResourceType;
  readonly name: string;
  readonly before: XdsResource | undefined;
  readonly after: XdsResource | undefined;
  readonly viewers: Set<ViewerKey>;
};

function note(
  found: Map<string, Sighted>,
  viewer: ViewerKey,
  type: ResourceType,
  before: XdsResource | undefined,
  after: XdsResource | undefined,
): void {
  const name = after?.name ?? before?.name ?? "";
  const key = `${type} ${name} ${before?.version} ${after?.version}`;
  const sighted = found.get(key) ?? { type, name, before, after, viewers: new Set() };
  sighted.viewers.add(viewer);
  found.set(key, sighted);
}
