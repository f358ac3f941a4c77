import type { Slice } from "./slice.ts";

/** The slices of a namespace, by service; changed in place. */
export type ServiceSlices = {
  /** The very same list as before where nothing of the service has changed; undefined before the first list. */
  of(service: string): readonly Slice[] | undefined;
  /** Each returns the services that it touched. */
  replaceAll(slices: ReadonlyMap<string, Slice>): ReadonlySet<string>;
  put(name: string, slice: Slice): ReadonlySet<string>;
  remove(name: string): ReadonlySet<string>;
};

const none: readonly Slice[] = [];

export function createServiceSlices(): ServiceSlices {
  let listed = false;
  let byName = new Map<string, Slice>();
  let byService = new Map<string, readonly Slice[]>();

  function without(name: string): string | undefined {
    const old = byName.get(name);
    if (!old) return undefined;
    byName.delete(name);
    const rest = (byService.get(old.service) ?? none).filter((slice) => slice.name !== name);
    if (rest.length > 0) byService.set(old.service, rest);
    else byService.delete(old.service);
    return old.service;
  }

  return {
    of: (service) => (listed ? (byService.get(service) ?? none) : undefined),
    replaceAll(slices) {
      const touched = new Set([...byService.keys(), ...[...slices.values()].map(({ service }) => service)]);
      listed = true;
      byName = new Map(slices);
      byService = Map.groupBy(slices.values(), ({ service }) => service);
      return touched;
    },
    put(name, slice) {
      const left = without(name);
      byName.set(name, slice);
      byService.set(slice.service, [...(byService.get(slice.service) ?? none), slice]);
      return new Set(left === undefined ? [slice.service] : [left, slice.service]);
    },
    remove(name) {
      const left = without(name);
      return new Set(left === undefined ? [] : [left]);
    },
  };
}
