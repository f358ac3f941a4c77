/** Requests of one client that began in one slot and ended the same way. */
export type Tally = {
  /** When the slot began, in ms since 1970. Slots are `slotMs` long. */
  readonly slot: number;
  readonly client: string;
  /** The region of the server that answered, from its response metadata; empty when none did. */
  readonly region: string;
  /** The gRPC status code's name: `OK`, `UNAVAILABLE`. */
  readonly status: string;
  readonly count: number;
};

export const slotMs = 100;

/** What came of the requests of one client: by region, and those that nobody answered under "". */
export type Outcome = {
  readonly ok: number;
  readonly errors: number;
  readonly regions: ReadonlyMap<string, { readonly ok: number; readonly errors: number }>;
};

/** Every request of the last minutes, by when it was begun: so "all requests sent one second after the change" can be told. */
export type Ledger = {
  add(tallies: readonly Tally[]): void;
  /** The newest slot heard of, or 0. */
  newest(): number;
  /** The first slot of all, or 0. */
  oldest(): number;
  /** Requests begun within the window; undefined for a client that began none. */
  outcome(client: string, window: { readonly from: number; readonly to: number }): Outcome | undefined;
  /** Errors of all clients since the start. */
  errors(): number;
};

const keptMs = 300_000;

export function createLedger(): Ledger {
  let tallies: Tally[] = [];
  let newest = 0;
  let first = 0;
  let errors = 0;
  return {
    add(more) {
      for (const { slot, status, count } of more) {
        newest = Math.max(newest, slot);
        first = first === 0 ? slot : Math.min(first, slot);
        if (status !== "OK") errors += count;
      }
      tallies.push(...more);
      const oldest = tallies[0]?.slot ?? newest;
      // In steps, so that not every report copies the list.
      if (oldest < newest - keptMs * 1.2) tallies = tallies.filter(({ slot }) => slot >= newest - keptMs);
    },
    newest: () => newest,
    oldest: () => first,
    outcome(client, { from, to }) {
      const own = tallies.filter((tally) => tally.client === client && tally.slot >= from && tally.slot + slotMs <= to);
      return own.length > 0 ? outcomeOf(own) : undefined;
    },
    errors: () => errors,
  };
}

function outcomeOf(tallies: readonly Tally[]): Outcome {
  const regions = new Map<string, { ok: number; errors: number }>();
  let [ok, errors] = [0, 0];
  for (const { region, status, count } of tallies) {
    const sum = regions.get(region) ?? { ok: 0, errors: 0 };
    regions.set(region, sum);
    if (status === "OK") {
      sum.ok += count;
      ok += count;
    } else {
      sum.errors += count;
      errors += count;
    }
  }
  return { ok, errors, regions };
}

/** The share of a client's answered requests that a region answered, 0 to 1. */
export function shareOf({ regions }: Outcome, region: string): number {
  let answered = 0;
  for (const [name, { ok, errors }] of regions) if (name !== "") answered += ok + errors;
  const { ok, errors } = regions.get(region) ?? { ok: 0, errors: 0 };
  return answered === 0 ? 0 : (ok + errors) / answered;
}
