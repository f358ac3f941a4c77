import { hash } from "node:crypto";
import type { NameList } from "./name-list.ts";
import { type OwnNames, ownNames } from "./own-names.ts";

export const noNames: NameList = new Set<string>();

/** Lists shorter than this are not worth finding again. */
const sharedFrom = 32;

/** Is it one list for all streams that ask for these names? */
export function isShared(list: NameList): boolean {
  return list.size >= sharedFrom && !isOwn(list);
}

function isOwn(list: NameList): list is OwnNames {
  return "change" in list;
}

/**
 * Makes the list of these names. A thousand proxies that each ask for the endpoints of the same thousand clusters are one
 * list, as long as any of them is connected.
 */
export function nameList(names: readonly string[]): NameList {
  const known = listsOfNames.get(names);
  if (known !== undefined) return known;
  const set = new Set(names);
  if (set.size < sharedFrom) return set;
  const list = lists.share(hash("sha1", [...set].toSorted().join("\0")), () => set);
  listsOfNames.set(names, list);
  namesOfLists.set(list, names);
  return list;
}

// Names that were read from equal bytes are one array (see `namesOf`): it is known by itself, and kept as long as its list.
const listsOfNames = new WeakMap<readonly string[], NameList>();
const namesOfLists = new WeakMap<NameList, readonly string[]>();

/** The list without the name that stands for all. */
export function withoutStar(list: NameList): NameList {
  return list.has("*") ? nameList([...list.values()].filter((name) => name !== "*")) : list;
}

// From then on it costs less to have the list made anew.
const mostChanged = 1 / 4;

/**
 * The list with some names more and some less; dropped before they are added. The list given is not to be used any more.
 * A client that asks for one name after the other, on demand, pays for one each time, not for all.
 */
export function changedList(
  list: NameList,
  { add = [], drop = [] }: { readonly add?: readonly string[]; readonly drop?: readonly string[] },
): NameList {
  if (list.size < sharedFrom || add.length + drop.length > list.size * mostChanged) {
    const names = new Set(list.values());
    for (const name of drop) names.delete(name);
    for (const name of add) names.add(name);
    return nameList([...names]);
  }
  const own = isOwn(list) ? list : ownNames(list);
  own.change({ add, drop });
  return own.changes() > own.size * mostChanged ? nameList([...own.values()]) : own;
}

/** Names as a SotW request carries them, all of them again in each ACK. Equal bytes are equal names, so they are not read. */
export type NamesOnWire = { readonly bytes: Buffer; readonly names: () => readonly string[] };

/** A list that knows the bytes it was read from. */
export type WireList = { readonly bytes: Buffer; readonly names: ReadonlySet<string> };

const wireSharedFrom = 1_024;

/** Reads the names of a request, or finds the list that was read from the same bytes before. */
export function wireList({ bytes, names }: NamesOnWire): WireList {
  // The request's own buffer is not kept alive for a slice of it.
  const read = () => ({ bytes: Buffer.from(bytes), names: new Set(names()) });
  return bytes.length < wireSharedFrom ? read() : wireLists.share(hash("sha1", bytes), read);
}

/** Reads the names of a request; many names that stand in equal bytes are the same array. */
export function namesOf({ bytes, names }: NamesOnWire): readonly string[] {
  return bytes.length < wireSharedFrom ? names() : readNames.share(hash("sha1", bytes), names);
}

/** Values by key, as long as somebody else holds them. */
function createShared<T extends WeakKey>() {
  const known = new Map<string, WeakRef<T>>();
  const forgotten = new FinalizationRegistry<string>((key) => {
    if (known.get(key)?.deref() === undefined) known.delete(key);
  });
  return {
    share(key: string, make: () => T): T {
      const found = known.get(key)?.deref();
      if (found !== undefined) return found;
      const made = make();
      known.set(key, new WeakRef(made));
      forgotten.register(made, key);
      return made;
    },
  };
}

const lists = createShared<ReadonlySet<string>>();
const wireLists = createShared<WireList>();
const readNames = createShared<readonly string[]>();
