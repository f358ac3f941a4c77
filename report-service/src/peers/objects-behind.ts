import type { Report } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { PeerStore } from "../ports/peer-store.ts";

export type ObjectsBehindParts = {
  readonly peers: readonly Pick<PeerStore, "datacenter" | "succeeded">[];
  readonly objects: Pick<ObjectStore, "isThere">;
  readonly clock: Pick<Clock, "now">;
  readonly lostDatacenters: ReadonlySet<string>;
  /** What reports have that ask for nothing else: only those are looked at. */
  readonly retentionMs: number;
};

/** How old, in milliseconds, the oldest report is that a data center made and whose bytes are not here; 0 where all are. */
export type ObjectsBehind = ReadonlyMap<string, number>;

const everyMs = 60_000;
const [minuteMs, hourMs] = [60_000, 3_600_000];
// The oldest first: what is missing then is the oldest, and nothing younger needs to be asked for.
const agesMs = [12 * hourMs, 3 * hourMs, hourMs, 30 * minuteMs, 10 * minuteMs, 5 * minuteMs, 2 * minuteMs, minuteMs];
const mostOfAnAge = 2;

/**
 * Asks for the bytes of a few reports that each peer has made, of ages up to twelve hours: where copying stands still, all
 * are missing that are younger than that. Looks once a minute however often it is called, and for sixteen reports of a peer at
 * most. A peer that cannot be read, has made nothing of late or is lost is absent.
 */
export function createObjectsLook(parts: ObjectsBehindParts): () => Promise<ObjectsBehind> {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let found: Promise<ObjectsBehind> = Promise.resolve(new Map());

  return () => {
    if (performance.now() - lookedAtMs >= everyMs) {
      lookedAtMs = performance.now();
      found = look(parts);
    }
    return found;
  };
}

async function look(parts: ObjectsBehindParts): Promise<ObjectsBehind> {
  const peers = parts.peers.filter(({ datacenter }) => !parts.lostDatacenters.has(datacenter));
  const behind = new Map<string, number>();
  await Promise.all(
    peers.map(async (peer) => {
      const ageMs = await oldestMissing(peer, parts).catch(() => undefined);
      if (ageMs !== undefined) behind.set(peer.datacenter, ageMs);
    }),
  );
  return behind;
}

async function oldestMissing(
  peer: ObjectsBehindParts["peers"][number],
  { objects, clock, retentionMs }: ObjectsBehindParts,
): Promise<number | undefined> {
  const nowMs = clock.now();
  const seen = new Set<string>();
  for (const ageMs of agesMs.filter((one) => one < retentionMs)) {
    for (const report of await peer.succeeded(nowMs - ageMs + retentionMs, mostOfAnAge)) {
      const name = `${report.tenant}/${report.id}`;
      if (seen.has(name) || report.attempts.at(-1)?.datacenter !== peer.datacenter) continue;
      seen.add(name);
      if (!(await isHere(report, objects)) && report.status.kind === "succeeded")
        return Math.max(0, nowMs - report.status.endedAtMs);
    }
  }
  return seen.size > 0 ? 0 : undefined;
}

async function isHere({ status }: Report, objects: ObjectsBehindParts["objects"]): Promise<boolean> {
  if (status.kind !== "succeeded") return true;
  const there = await Promise.all(status.artifacts.map(({ key }) => objects.isThere(key)));
  return !there.includes(false);
}
