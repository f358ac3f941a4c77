import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";

/** Editors and checkouts write several files in a row; they are looked at when nothing has moved for this long. */
const settleMs = 100;
const longestSettleMs = 2_000;

/** Calls `wake` when something under a directory has moved and then come to rest. */
export function hintsOf(dir: string, wake: () => void) {
  let watcher: FSWatcher | undefined;
  let followed = "";
  let timer: NodeJS.Timeout | undefined;
  let firstHint: number | undefined;
  let isClosed = false;

  function soon(): void {
    if (isClosed) return;
    const time = performance.now();
    firstHint ??= time;
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        firstHint = undefined;
        wake();
      },
      Math.max(0, Math.min(settleMs, firstHint + longestSettleMs - time)),
    );
  }

  function stop(): void {
    watcher?.close();
    watcher = undefined;
    followed = "";
  }

  return {
    soon,
    /** Starts to listen, or starts anew when the directory was replaced by another of the same name. */
    async follow(): Promise<void> {
      const { ino = 0, dev = 0 } = await stat(dir).catch(() => ({}) as { ino?: number; dev?: number });
      const identity = `${dev}/${ino}`;
      if (isClosed || ino === 0 || (watcher && identity === followed)) return;
      stop();
      try {
        watcher = watch(dir, { recursive: true }, soon);
        watcher.on("error", stop);
        followed = identity;
        soon();
      } catch {
        // Too many watches, or a file system without them: there is the re-scan.
        stop();
      }
    },
    close(): void {
      isClosed = true;
      clearTimeout(timer);
      stop();
    },
  };
}
