/**
 * Up to where the messages of each partition are done, in whatever order that happens: Kafka keeps one offset for a
 * partition and takes all before it for done.
 */
export type OffsetKeeper = {
  /**
   * Notes a message that was received; answers what to call when it is done. Once all before it are done, too, `commit`
   * of the last of them is called.
   */
  taken(partition: number, offset: bigint, commit: () => void): () => void;
  /** Forgets all: after a rebalance, what was not committed is received again, here or elsewhere. */
  forget(): void;
};

type Open = { readonly offset: bigint; readonly commit: () => void; isDone: boolean };

export function createOffsetKeeper(): OffsetKeeper {
  const partitions = new Map<number, Open[]>();
  return {
    taken(partition, offset, commit) {
      const known = partitions.get(partition);
      const last = known?.at(-1);
      // Received again: whatever is open from the first time has no say any more.
      const list = known && (!last || last.offset < offset) ? known : [];
      partitions.set(partition, list);
      const own: Open = { offset, commit, isDone: false };
      list.push(own);
      return () => {
        own.isDone = true;
        if (partitions.get(partition) !== list) return;
        const firstOpen = list.findIndex(({ isDone }) => !isDone);
        const done = list.splice(0, firstOpen < 0 ? list.length : firstOpen);
        done.at(-1)?.commit();
      };
    },
    forget() {
      partitions.clear();
    },
  };
}
