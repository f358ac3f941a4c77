import { StoreUnavailable } from "./store-unavailable.ts";

/** A report is kept by another data center, whose database cannot be asked, or takes no changes, from here and now. */
export class HomeUnavailable extends StoreUnavailable {
  readonly datacenter: string;

  /** `message` says what is wrong with it, for operators and clients alike. */
  constructor(datacenter: string, message: string, retryAfterMs: number, cause?: unknown) {
    super(message, retryAfterMs, cause);
    this.name = "HomeUnavailable";
    this.datacenter = datacenter;
  }
}
