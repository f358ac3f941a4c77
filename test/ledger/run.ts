// npm run ledger -- --seed N [--seeds COUNT] [--store sqlite] [--minutes M] [--servers N] [--rate N]: loads the report service, breaks what it stands on, and counts.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openSqlite } from "./parts.ts";
import { runLedger } from "./run-ledger.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    store: { type: "string", default: "sqlite" },
    minutes: { type: "string", default: "1" },
    servers: { type: "string", default: "3" },
    rate: { type: "string", default: "40" },
  },
});
const stores = { sqlite: openSqlite } as const;
const openStore = stores[values.store as keyof typeof stores];
const [first, count, minutes, servers, perSecond] = [
  values.seed,
  values.seeds,
  values.minutes,
  values.servers,
  values.rate,
].map(Number);
if (!openStore || ![first, count, minutes, servers, perSecond].every((value) => value !== undefined && value > 0)) {
  console.error(
    `usage: npm run ledger -- --seed N [--seeds COUNT] [--store ${Object.keys(stores).join("|")}] [--minutes M] [--servers N] [--rate N]`,
  );
  process.exit(2);
}

let broken = 0;
for (let seed = first ?? 1; seed < (first ?? 1) + (count ?? 1); seed += 1) {
  const folder = join(process.cwd(), ".weir", "ledger", `${values.store}-${seed}`);
  const run = {
    seed,
    openStore,
    folder,
    durationMs: (minutes ?? 1) * 60_000,
    servers: servers ?? 3,
    perSecond: perSecond ?? 40,
  };
  const { verdicts, faults, restarts, history } = await runLedger(run);
  const requests = history.entries.filter(({ kind }) => kind === "intent").length;
  console.log(
    `seed ${seed}, ${values.store}: ${requests} requests, ${history.reports.length} reports, ${faults} faults, servers started again ${restarts} times`,
  );
  for (const { invariant, says, found, violations } of verdicts) {
    console.log(`  ${violations.length === 0 ? "✔" : "✖"} ${invariant} ${says} (${found})`);
    for (const violation of violations.slice(0, 20)) console.log(`      ${violation}`);
    if (violations.length > 20) console.log(`      and ${violations.length - 20} more`);
    broken += violations.length;
  }
  if (broken > 0) console.log(`  kept in ${folder}`);
}
console.log(broken === 0 ? "all held" : `${broken} violations`);
process.exitCode = broken === 0 ? 0 : 1;
