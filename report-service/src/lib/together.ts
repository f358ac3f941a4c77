/** What each of them comes to; throws what the first of them failed with, once none is under way any more. */
export async function together<const All extends readonly Promise<unknown>[]>(
  all: All,
): Promise<{ readonly [Each in keyof All]: Awaited<All[Each]> }> {
  for (const one of await Promise.allSettled(all)) if (one.status === "rejected") throw one.reason;
  return Promise.all(all) as Promise<{ readonly [Each in keyof All]: Awaited<All[Each]> }>;
}
