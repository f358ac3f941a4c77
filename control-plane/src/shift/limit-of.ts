import type { GuardLimits, MetricBefore } from "../model/shift.ts";

/** More than `limit` is a failure; `because` says what it comes from, where that is not in the document. */
export type Limit = { readonly limit: number; readonly because: string };

/** The narrowest of the limits that can be worked out; undefined: none can, because nothing is known of the time before. */
export function limitOf(
  { max, maxIncrease, maxRatio }: GuardLimits,
  before: MetricBefore | undefined,
  text: (value: number) => string = (value) => String(Number(value.toPrecision(4))),
): Limit | undefined {
  const limits: Limit[] = max === undefined ? [] : [{ limit: max, because: "" }];
  if (before !== undefined && maxIncrease !== undefined)
    limits.push({
      limit: before.value + maxIncrease,
      because: `${text(before.value)} before the shift, and ${text(maxIncrease)} more`,
    });
  // Of none that failed there is no multiple: the next request could have.
  const least = before?.requests ? 1 / before.requests : 0;
  const base = Math.max(before?.value ?? 0, least);
  if (base > 0 && maxRatio !== undefined)
    limits.push({ limit: base * maxRatio, because: `${maxRatio} times the ${text(base)} before the shift` });
  return limits.sort((a, b) => a.limit - b.limit)[0];
}
