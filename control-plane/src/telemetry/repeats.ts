const forMs = 300_000;
const most = 1_000;

/** Was this very text said in the last five minutes? It counts as said now, if not. */
export function createRepeats(now: () => number): (text: string) => boolean {
  const saidAt = new Map<string, number>();
  return (text) => {
    const before = saidAt.get(text);
    if (before !== undefined && now() - before < forMs) return true;
    // Sorted by when they were said: the oldest is the first.
    saidAt.delete(text);
    saidAt.set(text, now());
    if (saidAt.size > most)
      for (const oldest of saidAt.keys()) {
        saidAt.delete(oldest);
        break;
      }
    return false;
  };
}
