import type { ServiceName } from "../../model/names.ts";
import type { Demand } from "../demand.ts";
import type { FeedStates, SavedFeeds } from "../feed.ts";
import type { AddressRule } from "./address-rule.ts";
import { guard, nothingGuarded } from "./guard.ts";
import type { GuardNote } from "./guard-note.ts";
import { type GuardRow, guardOverview } from "./guard-overview.ts";
import type { GuardSettings } from "./guard-settings.ts";
import { type RefusedNote, screenStatic } from "./screen-static.ts";

/** The guard of one control plane: what it believes now. It has no timer: whoever asks it asks again in `nextInMs`. */
export type Guarding = {
  /** The demand without endpoints of documents that no client may be sent to; each is told of. */
  screen(demand: Demand): Demand;
  /** The same of a demand that nobody makes yet: nothing is told. */
  preview(demand: Demand): Demand;
  /** What is to be believed of what is said. `confirmed`: what is held back of this service is believed now. */
  believe(demand: Demand, states: FeedStates, confirmed?: ServiceName): FeedStates;
  overview(demand: Demand, states: FeedStates): readonly GuardRow[];
  /** Endpoints of documents that were refused. */
  refused(): readonly RefusedNote[];
  nextInMs(): number | undefined;
};

export function createGuarding({
  settings,
  allows,
  saved,
  monotonicMs,
  observe,
}: {
  readonly settings: GuardSettings;
  readonly allows: AddressRule;
  readonly saved: SavedFeeds;
  readonly monotonicMs: () => number;
  readonly observe: (note: GuardNote) => void;
}): Guarding {
  let current = nothingGuarded;
  let refused: readonly RefusedNote[] = [];
  return {
    screen(demand) {
      const screened = screenStatic(demand, allows);
      const before = new Set(refused.map(({ service, says }) => `${service} ${says}`));
      for (const note of screened.refused) if (!before.has(`${note.service} ${note.says}`)) observe(note);
      refused = screened.refused;
      return screened.demand;
    },
    preview: (demand) => screenStatic(demand, allows).demand,
    believe(demand, states, confirmed) {
      const said = { demand, states, saved, allows, ...(confirmed !== undefined && { confirmed }) };
      const { guard: next, notes } = guard(current, said, monotonicMs(), settings);
      current = next;
      for (const note of notes) observe(note);
      return next.believed;
    },
    overview: (demand, states) => guardOverview(current, demand, states, monotonicMs()),
    refused: () => refused,
    nextInMs: () => (current.nextMs === undefined ? undefined : Math.max(0, current.nextMs - monotonicMs())),
  };
}
