/** What is known for a key, made when it is first asked for. */
export function getOrMake<K extends object, V extends object>(map: WeakMap<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
