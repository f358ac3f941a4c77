import { getOrMake } from "../lib/get-or-make.ts";

/**
 * Remembers results by the identity of two objects and a text: an unchanged service is the same object, so what it was
 * translated to is found again without comparing. Forgotten together with the first of the objects.
 */
export function createMemory<R>(): (a: object, b: object, text: string, make: () => R) => R {
  const results = new WeakMap<object, WeakMap<object, Map<string, R>>>();
  return (a, b, text, make) => {
    const byB = getOrMake(results, a, () => new WeakMap<object, Map<string, R>>());
    const byText = getOrMake(byB, b, () => new Map<string, R>());
    let result = byText.get(text);
    if (result === undefined) {
      result = make();
      byText.set(text, result);
    }
    return result;
  };
}

/** Gives back the list of the call before as long as it held the very same objects: lists are then told apart by identity. */
export function sameWhileEqual<T>(): (next: readonly T[]) => readonly T[] {
  let last: readonly T[] = [];
  return (next) => {
    if (next.length !== last.length || next.some((item, index) => item !== last[index])) last = next;
    return last;
  };
}
