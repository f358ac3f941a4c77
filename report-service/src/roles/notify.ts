import type { ParseParts } from "../api/parse-create.ts";
import type { Config } from "../config.ts";
import { startNotifier } from "../notifier/notifier.ts";
import type { NotifierNote } from "../notifier/notifier-note.ts";
import { openNotifySecrets } from "../notifier/notify-secrets.ts";
import { openAddresses } from "../notifier/open-addresses.ts";
import { parseNotifyUrl } from "../notifier/parse-notify-url.ts";
import { createPost } from "../notifier/post.ts";
import type { Stores } from "../ports/stores.ts";

export type Notifying = {
  readonly refusesNotice: ParseParts["refusesNotice"];
  /** Begins to tell receivers, over stores in which nothing has been decrypted; undefined without `--notify-secrets`. */
  start(stores: Stores): AsyncDisposable | undefined;
};

/** Who may be told that reports have ended, and who tells them. */
export function prepareNotifying(
  { notifySecrets, notifyNetworks }: Config,
  observe: (note: NotifierNote) => void,
): Notifying {
  if (notifySecrets === undefined) {
    return { refusesNotice: () => "is not possible: this server has no --notify-secrets", start: () => undefined };
  }
  const secretsOf = openNotifySecrets(notifySecrets, (cause) => observe({ kind: "notify-secrets-wrong", cause }));
  const isOpen = openAddresses(notifyNetworks);
  return {
    refusesNotice(url, tenant) {
      const parsed = parseNotifyUrl(url, isOpen);
      if (!(parsed instanceof URL)) return parsed.says;
      if (tenant === undefined || secretsOf(tenant)) return undefined;
      return `is not possible: the server's --notify-secrets has no secret of ${tenant}`;
    },
    start: ({ reports, notices, clock }) =>
      startNotifier({ reports, notices, clock, secretsOf, post: createPost(isOpen), observe }),
  };
}
