/** How many of `of` requests a share may get. */
export type Interval = { readonly low: number; readonly high: number };

/**
 * The interval of a binomial distribution, equal-tailed and exact; 99.9 % unless told: a count outside of it is then seen in
 * fewer than one of 1,000 runs when every request goes to the share independently (Envoy and gRPC spread more evenly than that). Exact, as
 * the acceptance region in Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934): the normal
 * approximation is too narrow for small shares.
 */
export function shareInterval(of: number, share: number, outside = 0.001): Interval {
  if (share <= 0) return { low: 0, high: 0 };
  if (share >= 1) return { low: of, high: of };
  const tail = outside / 2;
  let low = 0;
  for (let below = likelihood(of, share, 0); below < tail; below += likelihood(of, share, low)) low += 1;
  let high = of;
  for (let above = likelihood(of, share, of); above < tail; above += likelihood(of, share, high)) high -= 1;
  return { low, high };
}

/** The probability of exactly `count`; by logarithms, because its factors leave the range of a double. */
function likelihood(of: number, share: number, count: number): number {
  const ways = logFactorial(of) - logFactorial(count) - logFactorial(of - count);
  return Math.exp(ways + count * Math.log(share) + (of - count) * Math.log1p(-share));
}

const logFactorials = [0];

function logFactorial(n: number): number {
  for (let k = logFactorials.length; k <= n; k += 1) logFactorials.push((logFactorials[k - 1] ?? 0) + Math.log(k));
  return logFactorials[n] ?? 0;
}
