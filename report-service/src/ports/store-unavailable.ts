/**
 * The store cannot be reached, or cannot take anything at the moment. Whether what was asked for has been done is unknown,
 * so that only what may be done twice is to be tried again.
 */
export class StoreUnavailable extends Error {
  /** When trying again may help. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, cause: unknown) {
    super(message, { cause });
    this.name = "StoreUnavailable";
    this.retryAfterMs = retryAfterMs;
  }
}
