import { type Cleaned, clean } from "./cleaner/clean.ts";
import type { Config } from "./config.ts";
import { openProviders } from "./providers.ts";
import type { ServiceNote } from "./report-service.ts";
import { cleanPartsOf } from "./roles/clean.ts";
import { openVault } from "./vault/open-vault.ts";

/** Cleans once, beside any servers that run; the lines tell what was removed, or with `dryRun` would be. */
export async function cleanNow(
  config: Config,
  dryRun: boolean,
  observe: (note: ServiceNote) => void,
  signal: AbortSignal,
): Promise<{ readonly lines: readonly string[]; readonly failures: readonly string[] }> {
  // It needs the store itself and no broker, serves nothing, and gives out no URLs.
  const alone: Config = { ...config, queue: { kind: "store" }, roles: new Set(["cleaner"]) };
  await using providers = await openProviders(alone, await openVault(config), observe);
  const failures: string[] = [];
  const parts = cleanPartsOf(config, providers, (note) => {
    if (note.kind === "clean-failed") failures.push(`${note.what}: ${note.cause.message}`);
    observe(note);
  });
  const cleaned = await clean(parts, dryRun, signal);
  const lines = cleaned.filter(({ count }) => count > 0).map((one) => lineOf(one, dryRun));
  return { lines: lines.length > 0 || failures.length > 0 ? lines : ["nothing to clean"], failures };
}

const words: Readonly<Record<Cleaned["what"], string>> = {
  stuck: "reports whose worker is gone, queued again or failed",
  expired: "reports whose time is over, with their bytes",
  forgotten: "expired reports, with all that is known of them",
  requests: "request ids older than a day",
  abandoned: "uploads that were not completed within a day",
  outdated: "completed uploads older than --upload-retention",
  unfinished: "objects that were begun and not ended within a day",
  orphans: "objects that no report or upload names",
};

function lineOf({ what, count, sizeBytes, examples }: Cleaned, dryRun: boolean): string {
  const size = sizeBytes === undefined ? "" : ` (${sizeBytes} bytes)`;
  const rest = count - examples.length;
  const named = examples.length === 0 ? "" : `: ${examples.join(", ")}${rest > 0 ? " and more" : ""}`;
  return `${dryRun ? "would clean" : "cleaned"} ${count} ${words[what]}${size}${named}`;
}
