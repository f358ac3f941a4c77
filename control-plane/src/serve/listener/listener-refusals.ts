/** So many were refused since the last time that this was told. */
export type Refusals<Reason extends string> = {
  readonly count: number;
  readonly reasons: Readonly<Partial<Record<Reason, number>>>;
  /** The last of them. */
  readonly peer: string;
  readonly says: string;
};

export type RefusalTeller<Reason extends string> = {
  add(refusal: { readonly reason: Reason; readonly peer: string; readonly says: string }): void;
};

const everyMs = 1_000;

/** Tells what is refused at most once a second: whoever is being stormed must not be stormed by the log as well. */
export function createRefusalTeller<Reason extends string>({
  tell,
  monotonicMs,
  later = (run, ms) => setTimeout(run, ms).unref(),
}: {
  readonly tell: (refusals: Refusals<Reason>) => void;
  readonly monotonicMs: () => number;
  readonly later?: (run: () => void, ms: number) => unknown;
}): RefusalTeller<Reason> {
  let pending: Refusals<Reason> | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;

  function flush(): void {
    if (pending === undefined) return;
    const told = pending;
    pending = undefined;
    toldAt = monotonicMs();
    tell(told);
  }

  return {
    add({ reason, peer, says }) {
      const isFirst = pending === undefined;
      const reasons: Partial<Record<Reason, number>> = { ...pending?.reasons };
      reasons[reason] = (reasons[reason] ?? 0) + 1;
      pending = { count: (pending?.count ?? 0) + 1, reasons, peer, says };
      if (!isFirst) return;
      const waitMs = toldAt + everyMs - monotonicMs();
      if (waitMs <= 0) flush();
      else later(flush, waitMs);
    },
  };
}
