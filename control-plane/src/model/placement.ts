import type { Locality } from "./locality.ts";
import type { Endpoint } from "./service.ts";

/** One locality as a client sees it, for `weir endpoints report --from dc-a/z1`. */
export type Placement = {
  readonly priority: number;
  readonly locality: Locality;
  /** Relative to the other localities of the same priority. */
  readonly weight: number;
  /** Percent of all requests by now, as its sources tell of health; undefined when they call nothing healthy. */
  readonly nowPercent: number | undefined;
  /** It came back and is used as if so many percent of it were healthy; undefined when nothing is held back. */
  readonly heldAtPercent: number | undefined;
  /** Requests a second that its region bears; undefined where nobody said. */
  readonly ceilingRps: number | undefined;
  readonly endpoints: readonly Endpoint[];
};
