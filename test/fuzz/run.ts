// npm run fuzz [-- --seed N] [--runs 50000] [--only "POST /v1/config"] [--all]: random requests to every route of the operator
// API. Ends at the first wrong answer; with --all it tells the first of each kind and goes on.
import { parseArgs } from "node:util";
import { proveApi } from "./prove-api.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    runs: { type: "string", default: "50000" },
    only: { type: "string" },
    all: { type: "boolean" },
  },
});
const seed = Number(values.seed ?? Math.trunc(Math.random() * 2 ** 30));
console.log(`seed ${seed}`);

const started = performance.now();
const kinds = new Set<string>();
const tellOnce = (says: string, row: string, wrong: readonly string[]) => {
  const kind = `${row}: ${wrong.join("; ").replace(/[0-9a-f-]{8,}|\d+/g, "#")}`;
  if (!kinds.has(kind)) console.log(`\n${says}`);
  kinds.add(kind);
  process.exitCode = 1;
};
const { requests, statuses, neverDone, slowestMs } = await proveApi({
  ...{ seed, count: Number(values.runs), only: values.only },
  ...(values.all && { failed: tellOnce }),
});
const seconds = Math.round((performance.now() - started) / 1_000);
const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status || "closed"}: ${count}`);
console.log(`${requests} requests in ${seconds} s, the slowest ${Math.round(slowestMs)} ms; ${counts.join(", ")}`);
console.log(`${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB resident at the end`);
if (neverDone.length > 0) console.log(`never answered well:\n  ${neverDone.join("\n  ")}`);
