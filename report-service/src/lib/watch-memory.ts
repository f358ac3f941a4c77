import { residentBytes } from "./resident-bytes.ts";

// What unpacks takes a gigabyte a second.
const watchEveryMs = 100;

/** Tells `onExcess` once of what a process has in memory, when that is more than `mostBytes`; until disposed. */
export function watchMemory(
  pid: number | undefined,
  mostBytes: number,
  onExcess: (usedBytes: number) => void,
): Disposable {
  const timer = setInterval(() => {
    const used = residentBytes(pid);
    if (used === undefined || used <= mostBytes) return;
    clearInterval(timer);
    onExcess(used);
  }, watchEveryMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
