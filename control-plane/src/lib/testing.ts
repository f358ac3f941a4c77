/** For tests: waits until something holds, and throws when that takes too long. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  const stop = AbortSignal.timeout(withinMs);
  while (!(await condition())) {
    stop.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
