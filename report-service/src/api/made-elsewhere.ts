import type { Artifact, Report } from "../model/report.ts";
import type { ObjectStore } from "../ports/object-store.ts";

/** Where this server is, and which data centers an operator has given up. */
export type Whereabouts = { readonly datacenter: string; readonly lostDatacenters: ReadonlySet<string> };

/** The data center that made a report, and whether it will not come back. */
export type Elsewhere = { readonly datacenter: string; readonly isLost: boolean };

/** What calls have to tell of bytes: those of an ended report that were made in `datacenter` were asked for, and are not here. */
export type ArtifactNote = {
  readonly kind: "artifact-not-here";
  readonly key: string;
  readonly datacenter: string;
  readonly isLost: boolean;
};

/** The data center whose worker made a report, where that is another one: its bytes may not be here yet. */
export function madeElsewhere(
  { attempts }: Report,
  { datacenter, lostDatacenters }: Whereabouts,
): Elsewhere | undefined {
  const last = attempts.at(-1);
  if (!last || last.datacenter === datacenter) return undefined;
  return { datacenter: last.datacenter, isLost: lostDatacenters.has(last.datacenter) };
}

/** Whether bytes of a succeeded report are missing that will not come any more, so that it may be made again. */
export async function hasLostBytes(report: Report, here: Whereabouts, objects: ObjectStore): Promise<boolean> {
  if (report.status.kind !== "succeeded" || !madeElsewhere(report, here)?.isLost) return false;
  const there = await Promise.all(report.status.artifacts.map(({ key }: Artifact) => objects.isThere(key)));
  return there.includes(false);
}
