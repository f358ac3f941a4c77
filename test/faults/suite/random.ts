/** Numbers that a seed decides: the same faults again. Mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c (public domain). */
export type Random = {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from `low` up to and with `high`. */
  between(low: number, high: number): number;
  oneOf<T>(things: readonly [T, ...T[]]): T;
};

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return { next, between, oneOf: ([first, ...rest]) => [first, ...rest][between(0, rest.length)] ?? first };
}
