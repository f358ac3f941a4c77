import type { Rows } from "./row.ts";
import { rounded } from "./text.ts";

/** How long what is on its way to clients has waited; from `control-plane.ts`. */
export type TimingNote =
  /** From the first change of a burst until it is published. */
  | { readonly kind: "debounced"; readonly waitedMs: number }
  /** From when a stream has something to be told until it is its turn. */
  | { readonly kind: "turn-taken"; readonly waitedMs: number };

export const timingRows: Rows<TimingNote> = {
  debounced: {
    level: "debug",
    says: ({ waitedMs }) => `changes were collected for ${Math.round(waitedMs)} ms`,
    fields: ({ waitedMs }) => ({ component: "snapshot", waitedMs: rounded(waitedMs) }),
    counts: ({ waitedMs }, { debounceSeconds }) => debounceSeconds.observe(waitedMs / 1000),
  },
  "turn-taken": {
    level: "debug",
    says: ({ waitedMs }) => `a stream waited for its turn for ${Math.round(waitedMs)} ms`,
    fields: ({ waitedMs }) => ({ component: "xds", waitedMs: rounded(waitedMs) }),
    counts: ({ waitedMs }, { pushQueueSeconds }) => pushQueueSeconds.observe(waitedMs / 1000),
    // There is one for each stream and change.
    again: () => "",
  },
};
