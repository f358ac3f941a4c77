import type { Latest } from "../lib/latest.ts";
import type { Problem } from "../lib/parsed.ts";
import type { ServiceName } from "../model/names.ts";
import { type Viewer, type ViewerKey, viewerKey } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import type { Translate } from "../translate/resource-set.ts";
import { type Chain, createChain } from "./chain.ts";
import { dangling } from "./dangling.ts";
import { packAhead } from "./pack.ts";
import type { SnapshotStep } from "./snapshot.ts";

export type SnapshotNote =
  | {
      readonly kind: "published";
      readonly viewer: ViewerKey;
      readonly revision: number;
      readonly changed: number;
      readonly removed: number;
      readonly tookMs: number;
    }
  /** Translation threw: the viewer keeps its last snapshot. */
  | { readonly kind: "withheld"; readonly viewer: ViewerKey; readonly revision: number; readonly cause: Error }
  | {
      readonly kind: "left-out";
      readonly viewer: ViewerKey;
      readonly service: ServiceName;
      readonly problems: readonly Problem[];
    }
  | {
      readonly kind: "patch-left-out";
      readonly viewer: ViewerKey;
      readonly patch: string;
      readonly problems: readonly Problem[];
    }
  | { readonly kind: "dangling"; readonly viewer: ViewerKey; readonly from: string; readonly to: string };

/** A viewer's snapshots, kept current while anyone holds a lease on them. */
export type Lease = Disposable & {
  readonly key: ViewerKey;
  /** The newest step; undefined while nothing may be served yet, or while it is being made. */
  current(): SnapshotStep | undefined;
  /** Is it being made? */
  pending(): boolean;
};

export type Snapshots = {
  /** `onStep` is called after each new step of the viewer, never from within `lease`. */
  lease(viewer: Viewer, onStep: () => void): Lease;
  /** Publishes this world to every leased viewer; what takes longer than a slice goes on in later turns. */
  publish(world: World): void;
  /** The newest world that every leased viewer has been given. */
  readonly published: Latest<World>;
};

type Seat = {
  readonly viewer: Viewer;
  readonly chain: Chain;
  /** What `chain` was made of; undefined while its newest step may be too old to be served. */
  world: World | undefined;
  /** Who is to be woken when there is something to be served. */
  readonly waiting: Set<() => void>;
};

/** Viewers that nobody holds are kept for those that come back, so that a restarted client costs no translation. */
const keptUnleased = 64;

/** How long one turn of the event loop translates, in milliseconds; what follows from what is made then comes on top. */
const sliceMs = 8;

/** Makes and keeps the snapshots: one for each viewer, however many clients it has. */
export function createSnapshots({
  translate,
  published,
  observe,
  clock = () => performance.now(),
}: {
  readonly translate: Translate;
  readonly published: Latest<World>;
  readonly observe: (note: SnapshotNote) => void;
  readonly clock?: () => number;
}): Snapshots {
  const seats = new Map<ViewerKey, Seat>();
  let newest: World | undefined;
  let work: Iterator<Place> | undefined;

  function renew(seat: Seat, world: World, aheadMs: number): void {
    const { viewer, chain, waiting } = seat;
    const started = clock();
    seat.world = world;
    let step: SnapshotStep | undefined;
    try {
      const { resources, leftOut, patchesLeftOut } = translate(world, viewer);
      for (const [service, problems] of leftOut) observe({ kind: "left-out", viewer: chain.key, service, problems });
      for (const [patch, problems] of patchesLeftOut ?? [])
        observe({ kind: "patch-left-out", viewer: chain.key, patch, problems });
      step = chain.publish(resources, world.revision);
      if (step === undefined) return;
      for (const { from, to } of dangling(step.snapshot, step.changes))
        observe({ kind: "dangling", viewer: chain.key, from: `${from.type} ${from.name}`, to });
      const tookMs = aheadMs + clock() - started;
      observe({ kind: "published", viewer: chain.key, revision: world.revision, ...extentOf(step), tookMs });
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      observe({ kind: "withheld", viewer: chain.key, revision: world.revision, cause });
    } finally {
      // What did not change since the viewer was last leased makes no step, and is news to who waits for it.
      if (step === undefined) for (const wake of waiting) wake();
      waiting.clear();
    }
  }

  /** Brings every leased viewer to the newest world; where it yields it may go on later. */
  function* working(): Generator<Place, void> {
    for (let seat = behind(); seat !== undefined; seat = behind()) {
      const [started, world] = [clock(), newest];
      if (world === undefined) return;
      if (differsMuch(world, seat.world)) {
        yield* madeAhead(world, seat.viewer);
        yield "before-much";
      }
      // Meanwhile there may be a newer world, of which most is then the same, or nobody left who waits.
      if (newest !== undefined && seat.chain.watchers() > 0) renew(seat, newest, clock() - started);
      yield "between";
    }
    if (newest !== undefined) published.set(newest);
  }

  function behind(): Seat | undefined {
    for (const seat of seats.values()) if (seat.chain.watchers() > 0 && seat.world !== newest) return seat;
    return undefined;
  }

  /** Makes what `renew` then finds made. */
  function* madeAhead(world: World, viewer: Viewer): Generator<Place, void> {
    try {
      for (const message of translate.ahead?.(world, viewer) ?? []) {
        if (message !== undefined) packAhead(message, world.revision);
        yield message === undefined ? "before-much" : "between";
      }
    } catch {
      // The whole throws as well, and then it is told.
    }
  }

  function goOn(): void {
    const began = clock();
    const going = work ?? working();
    work = going;
    for (;;) {
      const { done, value } = going.next();
      if (done) {
        work = undefined;
        return;
      }
      const tookMs = clock() - began;
      if (tookMs >= sliceMs || (value === "before-much" && tookMs >= sliceMs / 2)) break;
    }
    setImmediate(goOn);
  }

  function forgetUnleased(): void {
    const unleased = [...seats.values()].filter(({ chain }) => chain.watchers() === 0);
    for (const { chain } of unleased.slice(0, Math.max(0, unleased.length - keptUnleased))) seats.delete(chain.key);
  }

  return {
    published,
    publish(world) {
      newest = world;
      if (work === undefined) goOn();
    },
    lease(viewer, onStep) {
      const key = viewerKey(viewer);
      const seat: Seat = seats.get(key) ?? { viewer, chain: createChain(key), world: undefined, waiting: new Set() };
      seats.set(key, seat);
      if (seat.chain.watchers() === 0 && seat.world !== newest) seat.world = undefined;
      let leased = false;
      const wake = () => {
        if (leased) onStep();
      };
      const watch = seat.chain.watch(wake);
      if (seat.world === undefined && newest !== undefined && work === undefined) goOn();
      if (seat.world === undefined) seat.waiting.add(wake);
      leased = true;
      return {
        key,
        current: () => (seat.world === undefined ? undefined : seat.chain.current()),
        pending: () => seat.world === undefined && newest !== undefined,
        [Symbol.dispose]() {
          watch[Symbol.dispose]();
          seat.waiting.delete(wake);
          forgetUnleased();
        },
      };
    },
  };
}

/** Where the work may go on in a later turn; and had better, before what may take a turn for itself. */
type Place = "between" | "before-much";

/**
 * So many services that changed, or that a new viewer is to get, are translated at once. A new Envoy asks where to report its
 * loads beside its first clusters, and leaves out the first interval of a cluster that comes after that answer.
 */
const few = 20;

function differsMuch({ catalog, splits, policies }: World, before: World | undefined): boolean {
  let different = 0;
  for (const [name, service] of catalog) {
    const isSame =
      before?.catalog.get(name) === service &&
      before.splits.get(name) === splits.get(name) &&
      before.policies.get(name) === policies.get(name);
    if (!isSame) different += 1;
    if (different > few) return true;
  }
  return false;
}

function extentOf({ changes }: SnapshotStep): { readonly changed: number; readonly removed: number } {
  let [changed, removed] = [0, 0];
  for (const change of changes) {
    changed += change.changed.length;
    removed += change.removed.length;
  }
  return { changed, removed };
}
