import type { Changed } from "../model/change-report.ts";
import { reportName } from "../model/names.ts";
import type { Parameters, Report } from "../model/report.ts";
import type { Created } from "../ports/report-store.ts";
import type { Stores } from "../ports/stores.ts";
import type { Vault } from "../ports/vault.ts";

/** What is encrypted: the parameters that a kind marks as sensitive, or those of every report. */
export type Sealing = "sensitive" | "all";

/**
 * The same stores, in which parameters lie encrypted; whoever uses these sees them as they are. Sealed ones belong to
 * their report: moved to another, they cannot be opened.
 */
export function sealStores<S extends Stores>(stores: S, vault: Vault, sealing: Sealing): S {
  const { reports, queue } = stores;

  function seal(report: Report): Report {
    const hidden = sealing === "all" ? Object.keys(report.parameters) : report.sensitive;
    const [open, secret] = split(report.parameters, hidden);
    if (Object.keys(secret).length === 0) return report;
    return { ...report, parameters: open, sealed: vault.seal(JSON.stringify(secret), reportName(report)) };
  }

  // A cache answers the same object again and again, and opening costs more than reading.
  const unsealed = new WeakMap<Report, Report>();

  function unseal(stored: Report): Report {
    if (!stored.sealed) return stored;
    const known = unsealed.get(stored);
    if (known) return known;
    const { sealed, ...report } = stored;
    const secret = JSON.parse(vault.open(stored.sealed, reportName(report))) as Parameters;
    const opened = { ...report, parameters: { ...report.parameters, ...secret } };
    unsealed.set(stored, opened);
    return opened;
  }

  const unsealCreated = (created: Created): Created =>
    "report" in created ? { ...created, report: unseal(created.report) } : created;
  const unsealChanged = (changed: Changed | undefined): Changed | undefined =>
    changed && { ...changed, report: unseal(changed.report) };

  return {
    ...stores,
    reports: {
      ...reports,
      async create(creations, limits, signal) {
        const sealed = creations.map((creation) => ({ ...creation, report: seal(creation.report) }));
        return (await reports.create(sealed, limits, signal)).map(unsealCreated);
      },
      async read(key, signal) {
        const report = await reports.read(key, signal);
        return report && unseal(report);
      },
      async list(query, signal) {
        const page = await reports.list(query, signal);
        return { ...page, reports: page.reports.map(unseal) };
      },
      async change(key, change, nowMs) {
        return unsealChanged(await reports.change(key, change, nowMs));
      },
      async changeAll(changes, nowMs) {
        return (await reports.changeAll(changes, nowMs)).map(unsealChanged);
      },
      async *follow(key, afterSequence, signal) {
        for await (const event of reports.follow(key, afterSequence, signal)) {
          yield { ...event, report: unseal(event.report) };
        }
      },
    },
    queue: {
      ...queue,
      async claim(claimant, most, nowMs) {
        return (await queue.claim(claimant, most, nowMs)).map(unseal);
      },
    },
  };
}

function split(parameters: Parameters, hidden: readonly string[]): readonly [open: Parameters, secret: Parameters] {
  const entries = Object.entries(parameters);
  return [
    Object.fromEntries(entries.filter(([name]) => !hidden.includes(name))),
    Object.fromEntries(entries.filter(([name]) => hidden.includes(name))),
  ];
}
