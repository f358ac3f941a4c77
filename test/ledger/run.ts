// npm run ledger -- --seed N [--seeds COUNT] [--store sqlite|postgres|cassandra] [--queue embedded|kafka] [--objects disk|s3] [--cache memory|redis] [--minutes M] [--apart [--results store|kafka]] [--rate N]: loads the report service, breaks what it stands on, and counts.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { apart, together } from "./fleet.ts";
import { lackingOf, partsOf } from "./parts.ts";
import { runLedger } from "./run-ledger.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    store: { type: "string", default: "sqlite" },
    queue: { type: "string", default: "embedded" },
    objects: { type: "string", default: "disk" },
    cache: { type: "string", default: "memory" },
    minutes: { type: "string", default: "1" },
    apart: { type: "boolean", default: false },
    results: { type: "string", default: "store" },
    rate: { type: "string", default: "40" },
  },
});
const openParts = partsOf(values);
const { results } = values;
const isResults = results === "store" || (results === "kafka" && values.queue === "kafka");
const [first, count, minutes, perSecond] = [values.seed, values.seeds, values.minutes, values.rate].map(Number);
if (
  !openParts ||
  !isResults ||
  ![first, count, minutes, perSecond].every((value) => value !== undefined && value > 0)
) {
  console.error(
    `usage: npm run ledger -- --seed N [--seeds COUNT] [--store sqlite|postgres|cassandra] [--queue embedded|kafka] [--objects disk|s3] [--cache memory|redis] [--minutes M] [--apart [--results store|kafka]] [--rate N]`,
  );
  process.exit(2);
}
const lacking = lackingOf(values);
if (lacking.length > 0) {
  console.error(lacking.join("\n"));
  process.exit(2);
}

const about = [
  values.store,
  ...(values.queue === "embedded" ? [] : [values.queue]),
  ...(values.objects === "disk" ? [] : [values.objects]),
  ...(values.cache === "memory" ? [] : [values.cache]),
  ...(values.apart ? ["apart"] : []),
  ...(values.apart && results !== "store" ? ["results"] : []),
].join("-");
let broken = 0;
let lateWrites = 0;
for (let seed = first ?? 1; seed < (first ?? 1) + (count ?? 1); seed += 1) {
  const folder = join(process.cwd(), ".weir", "ledger", `${about}-${seed}`);
  const run = {
    seed,
    openParts,
    folder,
    durationMs: (minutes ?? 1) * 60_000,
    posts: values.apart ? apart(results) : together(3),
    perSecond: perSecond ?? 40,
    programs: true,
  };
  const { verdicts, faults, restarts, history } = await runLedger(run);
  const requests = history.entries.filter(({ kind }) => kind === "intent").length;
  console.log(
    `seed ${seed}, ${about}: ${requests} requests, ${history.reports.length} reports, ${faults} faults, servers started again ${restarts} times`,
  );
  for (const { invariant, says, found, violations } of verdicts) {
    console.log(`  ${violations.length === 0 ? "✔" : "✖"} ${invariant} ${says} (${found})`);
    for (const violation of violations.slice(0, 20)) console.log(`      ${violation}`);
    if (violations.length > 20) console.log(`      and ${violations.length - 20} more`);
    broken += violations.length;
  }
  lateWrites += history.lateWrites.length;
  if (broken > 0) console.log(`  kept in ${folder}`);
}
console.log(`${lateWrites} results came too late and were refused`);
console.log(broken === 0 ? "all held" : `${broken} violations`);
process.exitCode = broken === 0 ? 0 : 1;
