/** Does something to each member that is due, so many at a time; one that falls due while it is being done is done again. */
export type ReadQueue<T> = {
  add(members: Iterable<T>): void;
  drop(member: T): void;
  /** Nothing is due any more but what is being done. */
  clear(): void;
  /** Resolves when nothing is due and nothing is being done. */
  idle(): Promise<void>;
};

export function createReadQueue<T>(atATime: number, perform: (member: T) => Promise<void>): ReadQueue<T> {
  const due = new Set<T>();
  const busy = new Set<T>();
  let waiting: (() => void)[] = [];

  function pump(): void {
    for (const member of due) {
      if (busy.size >= atATime) return;
      if (busy.has(member)) continue;
      due.delete(member);
      busy.add(member);
      void perform(member).finally(() => {
        busy.delete(member);
        pump();
      });
    }
    if (due.size > 0 || busy.size > 0) return;
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve();
  }

  return {
    add(members) {
      for (const member of members) due.add(member);
      pump();
    },
    drop: (member) => void due.delete(member),
    clear: () => due.clear(),
    idle() {
      if (due.size === 0 && busy.size === 0) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
