import type { NameList } from "./name-list.ts";

/** A list of one stream alone, which is changed in place. */
export type OwnNames = NameList & {
  change(changes: { readonly add: readonly string[]; readonly drop: readonly string[] }): void;
  /** So many names differ from the list that it began with. */
  changes(): number;
};

/** Remembers what differs from a list that others hold as well: a name more or less costs the same however long it is. */
export function ownNames(begun: NameList): OwnNames {
  const added = new Set<string>();
  const dropped = new Set<string>();
  return {
    get size() {
      return begun.size + added.size - dropped.size;
    },
    has: (name) => added.has(name) || (begun.has(name) && !dropped.has(name)),
    *values() {
      for (const name of begun.values()) if (!dropped.has(name)) yield name;
      yield* added;
    },
    change({ add, drop }) {
      for (const name of drop) {
        added.delete(name);
        if (begun.has(name)) dropped.add(name);
      }
      for (const name of add) {
        dropped.delete(name);
        if (!begun.has(name)) added.add(name);
      }
    },
    changes: () => added.size + dropped.size,
  };
}
