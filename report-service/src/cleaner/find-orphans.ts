import type { Report } from "../model/report.ts";
import { hasEnded } from "../model/report.ts";
import type { ObjectStore, StoredObject } from "../ports/object-store.ts";
import type { ReportStore } from "../ports/report-store.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import { type Owner, ownerOfObject } from "./owner-of-object.ts";

export type OrphanParts = {
  readonly objects: ObjectStore;
  readonly reports: Pick<ReportStore, "read">;
  readonly uploads: Pick<UploadStore, "read">;
  /** Whether the store would know this report or upload, if it were there: one of another data center it may not. */
  readonly isOurs: (id: string) => boolean;
};

/** Objects that nothing names, to be removed together: all that is below `prefix`. */
export type Orphans = { readonly prefix: string; readonly count: number; readonly sizeBytes: number };

type Group = { readonly owner: Owner; readonly members: StoredObject[] };

const readsAtOnce = 16;

/**
 * Objects whose report or upload is not in the store, or that an attempt has left whose result does not count; only
 * those of before `beforeMs`, because a report names its objects after they were written. What is no key of ours, in a
 * bucket that others use, too, is left alone.
 */
export async function* findOrphans(parts: OrphanParts, beforeMs: number, signal: AbortSignal): AsyncGenerator<Orphans> {
  for await (const groups of batches(groupsOf(parts, signal), readsAtOnce)) {
    const old = groups.filter(({ members }) => members.every(({ writtenAtMs }) => writtenAtMs <= beforeMs));
    const named = await Promise.all(old.map((group) => isNamed(group, parts)));
    for (const [index, { owner, members }] of old.entries()) {
      if (named[index]) continue;
      const sizeBytes = members.reduce((sum, each) => sum + each.sizeBytes, 0);
      yield { prefix: owner.below, count: members.length, sizeBytes };
    }
  }
}

async function isNamed({ owner, members }: Group, { reports, uploads }: OrphanParts): Promise<boolean> {
  switch (owner.kind) {
    case "upload":
      return (await uploads.read(owner.key)) !== undefined;
    case "report":
      return names(
        await reports.read(owner.key),
        members.map(({ key }) => key),
      );
  }
}

function names(report: Report | undefined, keys: readonly string[]): boolean {
  if (!report) return false;
  // Its attempt may be about to hand over what it has written.
  if (!hasEnded(report)) return true;
  if (report.status.kind !== "succeeded") return false;
  return report.status.artifacts.some(({ key }) => keys.includes(key));
}

/** Object stores list what has one prefix together, so that no more than one group is held at a time. */
async function* groupsOf({ objects, isOurs }: OrphanParts, signal: AbortSignal): AsyncGenerator<Group> {
  let group: Group | undefined;
  for await (const object of objects.list(signal)) {
    const owner = ownerOfObject(object.key);
    if (!owner || !isOurs(owner.key.id)) continue;
    if (group?.owner.below === owner.below) {
      group.members.push(object);
      continue;
    }
    if (group) yield group;
    group = { owner, members: [object] };
  }
  if (group) yield group;
}

async function* batches<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of source) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
