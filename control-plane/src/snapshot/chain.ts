import type { ViewerKey } from "../model/viewer.ts";
import { packNext, type Resources } from "./pack.ts";
import type { SnapshotStep } from "./snapshot.ts";

/** The snapshots of one viewer, each linked to the one after it. */
export type Chain = {
  readonly key: ViewerKey;
  current(): SnapshotStep | undefined;
  /** Packs and links a new snapshot and wakes who watches; undefined when nothing differs from the one before. */
  publish(resources: Resources, revision: number): SnapshotStep | undefined;
  /** `onStep` is called after each new step, until disposed of. */
  watch(onStep: () => void): Disposable;
  watchers(): number;
};

export function createChain(key: ViewerKey): Chain {
  const watching = new Set<() => void>();
  let newest: SnapshotStep | undefined;
  return {
    key,
    current: () => newest,
    publish(resources, revision) {
      const { snapshot, changes } = packNext(resources, key, revision, newest?.snapshot);
      if (changes.length === 0 && newest !== undefined) return undefined;
      const step: SnapshotStep = { snapshot, changes, following: undefined };
      if (newest !== undefined) newest.following = step;
      newest = step;
      for (const wake of watching) wake();
      return step;
    },
    watch(onStep) {
      // A function of its own each time: two may watch with the same callback.
      const wake = () => onStep();
      watching.add(wake);
      return { [Symbol.dispose]: () => void watching.delete(wake) };
    },
    watchers: () => watching.size,
  };
}
