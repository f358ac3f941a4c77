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

/** Remembers one result for an object and a text, for as long as it follows from the very same inputs. */
export function createLastMemory<R>(): (of: object, text: string, inputs: readonly unknown[], make: () => R) => R {
  const results = new WeakMap<object, Map<string, { readonly inputs: readonly unknown[]; readonly result: R }>>();
  return (of, text, inputs, make) => {
    const byText = getOrMake(results, of, () => new Map<string, { inputs: readonly unknown[]; result: R }>());
    const last = byText.get(text);
    if (last && isSame(last.inputs, inputs)) return last.result;
    const result = make();
    byText.set(text, { inputs, result });
    return result;
  };
}

function isSame(before: readonly unknown[], now: readonly unknown[]): boolean {
  if (before === now) return true;
  return before.length === now.length && before.every((input, index) => input === now[index]);
}
