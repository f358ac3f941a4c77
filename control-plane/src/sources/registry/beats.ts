import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import { pause } from "../../lib/wait.ts";
import { followKv } from "../../store/follow-kv.ts";
import type { Kv, KvReading } from "../../store/kv.ts";
import type { Clock, Lease } from "./lease.ts";

export type Beats = AsyncDisposable & {
  renewed(key: string): void;
  isCurrent(): boolean;
};

/** How often replicas tell each other who has renewed. */
export const usualBeatMs = 2_000;
/** Over how many beats each renewal is told: a reader may miss those in between. */
const beatsTold = 3;

/** How much later than its lease an instance goes that may renew anywhere: a renewal takes a beat to be known, and two may be missed. */
export function spareOf(beatMs: number): number {
  return (beatsTold + 1) * beatMs;
}

// A replica that ended in a crash leaves its key.
const forgottenAfterMs = 600_000;

/** `renewed`: of this beat, of the one before, and so on. */
const shape = z.object({ beat: z.int(), renewed: z.array(z.array(z.string())) });

/**
 * Tells the other replicas who renewed here, and hears it from them: one small key for each replica, written every two seconds
 * while anybody holds a lease, with eight characters for each instance that renewed within the last three beats. No clock but the
 * monotonic one of each replica counts. A replica that hears its own beat knows that it can hear the others.
 */
export function createBeats({
  kv,
  prefix,
  clock,
  table,
  beatMs,
  signal,
}: {
  readonly kv: Kv;
  readonly prefix: string;
  readonly clock: () => Clock;
  readonly table: {
    leases(): ReadonlyMap<string, Lease>;
    heard(key: string, agoMs: number): void;
    regained(): void;
  };
  readonly beatMs: number;
  readonly signal: AbortSignal;
}): Beats {
  const folder = `${prefix}/registry/beats/`;
  const mine = `${folder}${randomUUID()}`;
  const heard = new Map<string, { readonly index: number; readonly atMs: number }>();
  let told: readonly ReadonlySet<string>[] = [];
  let renewing = new Set<string>();
  let beat = 0;
  // Being without anybody's lease is no blindness, and neither is the time before the first beat.
  let hearingMs: number | undefined;
  let wasCurrent = true;

  const isNeeded = () =>
    table
      .leases()
      .values()
      .some(({ expiresMs }) => expiresMs !== undefined);

  function isCurrent(): boolean {
    return hearingMs !== undefined && clock().monotonicMs - hearingMs < beatsTold * beatMs;
  }

  async function send(): Promise<void> {
    while (!signal.aborted) {
      await pause(beatMs, signal);
      if (signal.aborted) return;
      if (!isNeeded()) continue;
      told = [renewing, ...told].slice(0, beatsTold);
      renewing = new Set();
      const renewed = told.map((each) => [...each]);
      const value = Buffer.from(JSON.stringify({ beat: ++beat, renewed }));
      // What did not get through is told with the next two.
      await kv.write([{ kind: "put", key: mine, value }, ...forgotten()], signal).catch(() => undefined);
      if (wasCurrent && !isCurrent()) wasCurrent = false;
    }
  }

  function forgotten() {
    const nowMs = clock().monotonicMs;
    return [...heard].flatMap(([key, { atMs }]) => {
      if (key === mine || nowMs - atMs < forgottenAfterMs) return [];
      heard.delete(key);
      return [{ kind: "delete" as const, key }];
    });
  }

  function take({ entries }: KvReading): void {
    const nowMs = clock().monotonicMs;
    const agoMs = new Map<string, number>();
    for (const { key, index, value } of entries) {
      if (heard.get(key)?.index === index) continue;
      heard.set(key, { index, atMs: nowMs });
      if (key === mine) hearingMs = nowMs;
      else
        for (const [beats, hashes] of renewedIn(value).entries())
          for (const hash of hashes)
            agoMs.set(hash, Math.min(beats * beatMs, agoMs.get(hash) ?? Number.POSITIVE_INFINITY));
    }
    if (!wasCurrent && isCurrent()) {
      wasCurrent = true;
      table.regained();
    }
    if (agoMs.size === 0) return;
    for (const key of table.leases().keys()) {
      const ago = agoMs.get(shortHash(key));
      if (ago !== undefined) table.heard(key, ago);
    }
  }

  async function listen(): Promise<void> {
    for await (const sighting of followKv(kv, { key: folder, below: true }, signal))
      if (sighting.kind === "seen") take(sighting.reading);
  }

  const running = Promise.all([send(), listen()]);
  return {
    renewed: (key) => void renewing.add(shortHash(key)),
    isCurrent,
    async [Symbol.asyncDispose]() {
      await running;
      const gone = AbortSignal.timeout(1_000);
      await kv.write([{ kind: "delete", key: mine }], gone).catch(() => undefined);
    },
  };
}

function renewedIn(value: Buffer): readonly (readonly string[])[] {
  try {
    const beat = shape.safeParse(JSON.parse(value.toString("utf8")));
    return beat.success ? beat.data.renewed : [];
  } catch {
    return [];
  }
}

const hashes = new Map<string, string>();
const hashesKept = 200_000;

/** Eight characters, 48 bits: two that are alike give one of them a lease more, once in a great while. */
function shortHash(key: string): string {
  const known = hashes.get(key);
  if (known !== undefined) return known;
  if (hashes.size >= hashesKept) hashes.clear();
  const hash = createHash("sha256").update(key).digest("base64url").slice(0, 8);
  hashes.set(key, hash);
  return hash;
}
