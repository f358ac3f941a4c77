import type { VNode } from "preact";

/**
 * Makes an element anew only when one of what it is made of is another than before; the same element is not compared again with
 * what is on the screen.
 */
export function createSameElement(): (of: readonly unknown[], make: () => VNode) => VNode {
  let made: { readonly of: readonly unknown[]; readonly is: VNode } | undefined;
  return (of, make) => {
    const isSame = made?.of.length === of.length && of.every((each, index) => Object.is(each, made?.of[index]));
    if (made === undefined || !isSame) made = { of, is: make() };
    return made.is;
  };
}
