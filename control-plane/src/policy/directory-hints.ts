import { type FSWatcher, watch } from "node:fs";
import type { FoundFolder } from "./read-directory.ts";

/** Editors and checkouts write several files in a row; they are looked at when nothing has moved for this long. */
const settleMs = 100;
const longestSettleMs = 2_000;

/**
 * Calls `wake` when something in a folder that is followed has moved and then come to rest. Each folder is watched by itself:
 * Node's recursive watch tells nothing of a link that another one replaces, which is how a mounted ConfigMap changes.
 */
export function hintsOf(wake: () => void) {
  const watchers = new Map<string, FSWatcher>();
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

  function start({ path, identity }: FoundFolder): void {
    try {
      const watcher = watch(path, soon);
      watcher.on("error", () => stop(identity));
      watchers.set(identity, watcher);
      // What moved since the folder was found, nobody has told.
      soon();
    } catch {
      // Too many watches, or a file system without them: there is the re-scan.
    }
  }

  function stop(identity: string): void {
    watchers.get(identity)?.close();
    watchers.delete(identity);
  }

  return {
    soon,
    /** Listens to these folders and no others. */
    follow(folders: readonly FoundFolder[]): void {
      if (isClosed) return;
      const wanted = new Set(folders.map(({ identity }) => identity));
      for (const identity of watchers.keys()) if (!wanted.has(identity)) stop(identity);
      for (const folder of folders) if (!watchers.has(folder.identity)) start(folder);
    },
    close(): void {
      isClosed = true;
      clearTimeout(timer);
      for (const identity of watchers.keys()) stop(identity);
    },
  };
}
