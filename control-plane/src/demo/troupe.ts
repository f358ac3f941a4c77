import type { Child, Exit } from "./child.ts";

/** Parts that are to run until the end. Disposing of it ends all of them at once. */
export type Troupe = AsyncDisposable & { add(child: Child): void };

/** `lost` hears of a part that ended by itself. */
export function createTroupe(lost: (child: Child, exit: Exit) => void): Troupe {
  const children: Child[] = [];
  let isEnding = false;
  return {
    add(child) {
      children.push(child);
      void child.exit.then((exit) => isEnding || lost(child, exit));
    },
    async [Symbol.asyncDispose]() {
      isEnding = true;
      await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
    },
  };
}
