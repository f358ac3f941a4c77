import { reportName } from "../model/names.ts";
import type { Bulletin, Notice } from "../ports/bulletin.ts";

/** Tells those who listen in the same process. */
export function createMemoryBulletin(): Bulletin {
  const listeners = new Map<string, Set<(notice: Notice) => void>>();
  return {
    async tell(key, notice) {
      for (const hear of listeners.get(reportName(key)) ?? []) hear(notice);
    },
    listen(key, listener) {
      const name = reportName(key);
      const own = listeners.get(name) ?? new Set();
      listeners.set(name, own);
      // Its own, so that one that listens twice is called twice.
      const hear = (notice: Notice) => listener(notice);
      own.add(hear);
      return {
        [Symbol.dispose]() {
          own.delete(hear);
          if (own.size === 0 && listeners.get(name) === own) listeners.delete(name);
        },
      };
    },
  };
}
