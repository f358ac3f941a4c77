import type { ReportKey } from "../model/names.ts";
import { reportName } from "../model/names.ts";
import type { Bulletin, Notice } from "../ports/bulletin.ts";
import type { RedisLink } from "./redis-link.ts";

/** Tells all servers at the same Redis; each hears only of the reports that it listens to. */
export function createRedisBulletin(redis: RedisLink): Bulletin {
  return {
    async tell(key, notice) {
      await redis.ask((client) => client.publish(channelOf(key), JSON.stringify(notice)));
    },
    listen(key, hear) {
      return redis.listen(
        channelOf(key),
        (message) => hear(noticeOf(message)),
        () => hear({ kind: "missed" }),
      );
    },
  };
}

/** Another version of this program may tell what we do not understand: the store does. */
function noticeOf(message: string): Notice {
  try {
    return JSON.parse(message) as Notice;
  } catch {
    return { kind: "missed" };
  }
}

function channelOf(key: ReportKey): string {
  return `weir:report:${reportName(key)}`;
}
