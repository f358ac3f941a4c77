/**
 * Remembers a result by the identity of the objects it was computed from: an unchanged service is the same object, so its
 * translation is found again without comparing. Forgotten together with the first of its inputs.
 */
export function memoize<A extends object, B extends object, C extends object, R>(
  compute: (a: A, b: B, c: C) => R,
): (a: A, b: B, c: C) => R {
  const results = new WeakMap<A, WeakMap<B, WeakMap<C, { readonly result: R }>>>();
  return (a, b, c) => {
    const byB = getOrMake(results, a, () => new WeakMap<B, WeakMap<C, { readonly result: R }>>());
    const byC = getOrMake(byB, b, () => new WeakMap<C, { readonly result: R }>());
    return getOrMake(byC, c, () => ({ result: compute(a, b, c) })).result;
  };
}

/** What is known for a key, made when it is first asked for. */
export function getOrMake<K extends object, V extends object>(map: WeakMap<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
