import type { Kv } from "./kv.ts";
import { createShelf, type Shelf } from "./shelf.ts";

/** Where plans are kept until they are applied or nobody wants them any more. */
export function createPlanShelf(
  {
    now,
    shared,
  }: { readonly now: () => Date; readonly shared: { readonly kv: Kv; readonly prefix: string } | undefined },
  signal: AbortSignal,
): Shelf {
  return createShelf(
    {
      limits: { keptMs: 3_600_000, most: 200, mostCharacters: 16 * 1024 * 1024, mostShared: 60 },
      now,
      shared: shared && { kv: shared.kv, folder: `${shared.prefix}/plans/` },
    },
    signal,
  );
}
