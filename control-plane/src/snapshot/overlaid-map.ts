const overlays = new WeakMap<ReadonlyMap<string, unknown>, Overlay<unknown>>();
type Overlay<V> = { readonly base: ReadonlyMap<string, V>; readonly replaced: ReadonlyMap<string, V> };

/** So many replacements at most lie over a map before it is written anew. */
const mostReplaced = 64;

/**
 * The map with other values at some of its keys, in the same order. What is replaced lies over the old map, which is not
 * copied: at 5,000 entries a copy for each change costs more, in time and in garbage, than a hundred streams that are told.
 */
export function overlaidMap<V extends object>(
  map: ReadonlyMap<string, V>,
  replacing: Iterable<readonly [string, V]>,
): ReadonlyMap<string, V> {
  const { base, replaced } = (overlays.get(map) as Overlay<V> | undefined) ?? { base: map, replaced: new Map() };
  const all = new Map([...replaced, ...replacing]);
  const overlay = { base, replaced: all };
  if (all.size > mostReplaced) return new Map(entriesOf(overlay));
  const made = mapOf(overlay);
  overlays.set(made, overlay);
  return made;
}

function mapOf<V extends object>(overlay: Overlay<V>): ReadonlyMap<string, V> {
  const { base, replaced } = overlay;
  const made: ReadonlyMap<string, V> = {
    size: base.size,
    has: (key) => base.has(key),
    get: (key) => replaced.get(key) ?? base.get(key),
    keys: () => base.keys(),
    values: () => entriesOf(overlay).map(([, value]) => value),
    entries: () => entriesOf(overlay),
    [Symbol.iterator]: () => entriesOf(overlay),
    forEach(take) {
      for (const [key, value] of entriesOf(overlay)) take(value, key, made);
    },
  };
  return made;
}

function* entriesOf<V>({ base, replaced }: Overlay<V>): Generator<[string, V], undefined> {
  for (const [key, value] of base) yield [key, replaced.get(key) ?? value];
}
