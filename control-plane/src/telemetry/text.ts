const longest = 2_000;

/** What others wrote, in a length that a log can bear. */
export function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
}

/** An error and what caused it: `cannot read x: permission denied`. */
export function causeText(error: Error): string {
  const { cause } = error;
  const under = cause instanceof Error ? causeText(cause) : cause === undefined ? "" : String(cause);
  return shortened(under === "" || error.message.includes(under) ? error.message : `${error.message}: ${under}`);
}

/** Milliseconds as a log has them: to the microsecond. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
