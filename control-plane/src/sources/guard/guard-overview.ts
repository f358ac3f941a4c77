import type { ServiceName, SourceName } from "../../model/names.ts";
import type { Endpoint } from "../../model/service.ts";
import type { WhyHeld } from "../../model/why-held.ts";
import type { Demand } from "../demand.ts";
import type { FeedKey, FeedState, FeedStates } from "../feed.ts";
import { type FeedGuard, isFresh } from "./feed-guard.ts";
import { isFlapping } from "./flaps.ts";
import type { Guard } from "./guard.ts";
import type { Change } from "./guard-note.ts";
import { servedFeeds } from "./guard-notes.ts";

/**
 * How far what one source says of one service is believed: all of it (`fresh`); it cannot be seen, and what it said last is
 * in force (`stale`); it is seen, but something of it is held back, or its data was lost (`suspect`); not heard yet (`waiting`).
 */
export type Trust = "fresh" | "stale" | "suspect" | "waiting";

export type HeldEndpoint = {
  readonly endpoint: Endpoint;
  readonly change: Change;
  readonly why: WhyHeld;
  readonly heldMs: number;
  /** In how long it is believed, if the source goes on repeating it; undefined while it cannot be trusted to. */
  readonly believedInMs: number | undefined;
};

export type GuardRow = {
  readonly service: ServiceName;
  readonly source: SourceName;
  readonly feed: FeedKey;
  readonly trust: Trust;
  /** Its source's data was lost or restored: what it repeats is not believed for that. */
  readonly rewound: boolean;
  readonly said: number;
  readonly believed: number;
  readonly held: readonly HeldEndpoint[];
  readonly flapping: readonly string[];
  readonly refused: readonly Endpoint[];
};

/** One row for each service and each of its feeds, in the order of the documents. */
export function guardOverview(
  { feeds }: Guard,
  demand: Demand,
  states: FeedStates,
  nowMs: number,
): readonly GuardRow[] {
  const rows: GuardRow[] = [];
  for (const [service, feed] of servedFeeds(demand)) {
    const state = states.get(feed)?.state;
    const source = demand.feeds.get(feed)?.source;
    if (source === undefined) continue;
    const known = feeds.get(feed);
    rows.push({ service, source, feed, ...rowOf(known, state, nowMs) });
  }
  return rows;
}

function rowOf(known: FeedGuard | undefined, state: FeedState | undefined, nowMs: number) {
  if (!known || state === undefined || state.kind === "waiting")
    return {
      ...{ trust: "waiting" as const, rewound: false, said: 0, believed: 0 },
      ...{ held: [], flapping: [], refused: [] },
    };
  const held = [...known.held.values()].flatMap(({ endpoints, sinceMs, dueMs, change, why }) =>
    endpoints.map((endpoint): HeldEndpoint => {
      const believedInMs = dueMs === undefined ? undefined : Math.max(0, dueMs - nowMs);
      return { endpoint, change, why, heldMs: nowMs - sinceMs, believedInMs };
    }),
  );
  return {
    trust: trustOf(known, state),
    rewound: state.evidence?.rewound !== undefined,
    said: state.endpoints.length,
    believed: known.believed.length,
    held,
    flapping: [...known.flaps].filter(([, flaps]) => isFlapping(flaps, nowMs)).map(([address]) => address),
    refused: known.refused,
  };
}

function trustOf({ held }: FeedGuard, state: Exclude<FeedState, { readonly kind: "waiting" }>): Trust {
  if (state.kind === "stale") return "stale";
  return isFresh(state) && held.size === 0 ? "fresh" : "suspect";
}
