import type { FailureReason } from "../../model/report.ts";

/** These rows cannot be had in this format; thrown while it is written, and told to whoever asked for the report. */
export class DoesNotFit extends Error {
  readonly reason: FailureReason;
  constructor(reason: FailureReason, message: string) {
    super(message);
    this.name = "DoesNotFit";
    this.reason = reason;
  }
}
