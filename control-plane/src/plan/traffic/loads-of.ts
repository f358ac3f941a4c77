type Loads<L> = { readonly loads: readonly L[] };

const byServices = new WeakMap<object, ReadonlyMap<string, readonly unknown[]>>();

/** What is reported of one service; sorted out once for all services. */
export function loadsOf<L extends { readonly service: string }>(
  seen: Loads<L> | undefined,
  service: string,
): readonly L[] {
  if (seen === undefined) return [];
  const known = byServices.get(seen) ?? Map.groupBy(seen.loads, (each) => each.service);
  byServices.set(seen, known);
  return (known.get(service) ?? []) as readonly L[];
}
