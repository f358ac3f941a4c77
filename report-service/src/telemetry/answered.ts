import { setTimeout as delay } from "node:timers/promises";

/** A scrape does not wait longer for what others have to tell. */
const patienceMs = 2_000;

/** What is answered in time; undefined where nothing is, or where it failed: metrics must outlive what they measure. */
export async function answered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  const tooLate = new AbortController();
  const late = delay(patienceMs, undefined, { ref: false, signal: tooLate.signal }).catch(() => undefined);
  try {
    return await Promise.race([ask(), late]);
  } catch {
    return undefined;
  } finally {
    tooLate.abort();
  }
}
