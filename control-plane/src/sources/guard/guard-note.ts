import type { ServiceName, SourceName } from "../../model/names.ts";
import type { WhyHeld } from "../../model/why-held.ts";
import type { FeedKey } from "../feed.ts";

type About = { readonly service: ServiceName; readonly source: SourceName; readonly feed: FeedKey };

/** What is held back, and what becomes of it. Addresses are text, as in `10.1.0.11:9090`. */
export type GuardNote =
  /** The source no longer names these (`gone`), which stay, or names them for the first time (`new`), which are not served yet. */
  | ({
      readonly kind: "guard-held";
      readonly change: Change;
      readonly addresses: readonly string[];
      readonly why: WhyHeld;
      readonly holdMs: number;
    } & About)
  /** The source took back what was held back: it names the endpoints again, or no longer. */
  | ({ readonly kind: "guard-taken-back"; readonly addresses: readonly string[]; readonly heldMs: number } & About)
  /** Held back no longer: the source has repeated it for the hold time, or somebody confirmed it. */
  | ({
      readonly kind: "guard-let-go";
      readonly change: Change;
      readonly addresses: readonly string[];
      readonly heldMs: number;
      readonly confirmed: boolean;
    } & About)
  | ({ readonly kind: "endpoint-flapping"; readonly address: string } & About)
  /** An address that no client may be sent to. */
  | ({ readonly kind: "endpoint-refused"; readonly address: string; readonly says: string } & Omit<About, "feed">)
  /** Somebody confirmed what is held back of a service. */
  | { readonly kind: "guard-confirmed"; readonly service: ServiceName; readonly by: string; readonly reason: string };

export type Change = "gone" | "new";
