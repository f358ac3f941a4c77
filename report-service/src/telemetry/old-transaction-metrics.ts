import type { Gauge, Registry } from "prom-client";
import type { HeldBack, LookForOldTransactions } from "../ports/old-transactions.ts";
import { answered } from "./answered.ts";

/** Measures what keeps the store from cleaning up behind itself; absent where nobody can tell. */
export function measureOldTransactions(
  look: LookForOldTransactions | undefined,
  make: typeof Gauge,
  registers: readonly Registry[],
): void {
  let asked: Promise<HeldBack | undefined> | undefined;
  // Both are collected in one scrape, and share one look.
  const oncePerScrape = async () => {
    asked ??= answered(async () => look?.()).finally(() => {
      asked = undefined;
    });
    return asked;
  };

  function add(name: string, help: string, of: (found: HeldBack) => number): void {
    new make({
      ...{ name, help, registers: [...registers] },
      async collect() {
        const found = await oncePerScrape();
        if (found) this.set(of(found));
        else this.remove();
      },
    });
  }

  add(
    "report_store_oldest_transaction_seconds",
    "How long the oldest transaction has been open in the store's database, or prepared.",
    ({ oldestMs }) => oldestMs / 1_000,
  );
  add(
    "report_store_held_back_transactions",
    "Transactions since the one that something still needs the rows of: a transaction, a standby or a slot.",
    ({ transactions }) => transactions,
  );
}
