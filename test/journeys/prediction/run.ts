// npm run journeys -- [--random N] [--seed S] [--only WORDS] [--write]: compares what is predicted of traffic with what real clients
// make of it, situation by situation. --write puts the table into docs/prediction.md.
import { parseArgs } from "node:util";
import { surprises } from "./compare.ts";
import { randomSituations } from "./random-situation.ts";
import { writeResults } from "./result-page.ts";
import { runSituations } from "./run-situations.ts";
import { situations } from "./situations.ts";

const { values } = parseArgs({
  options: {
    random: { type: "string", default: "0" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    only: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const [count, seed] = [Number(values.random), Number(values.seed)];
if (!Number.isSafeInteger(count) || count < 0 || !Number.isSafeInteger(seed)) {
  console.error("usage: npm run journeys -- [--random N] [--seed S] [--only WORDS] [--write]");
  process.exit(2);
}
const all = [...situations, ...randomSituations(count, seed)].filter(({ name }) => name.includes(values.only));
if (count > 0) console.log(`seed ${seed}: npm run journeys -- --random ${count} --seed ${seed}`);
const started = performance.now();
const results = await runSituations(all, (line) => console.log(line));
const odd = surprises(results);
for (const { situation, client, lines } of odd)
  console.log(`✖ ${situation.name}, ${client}: ${lines.join(", ")}\n  ${JSON.stringify(situation)}`);
const seconds = Math.round((performance.now() - started) / 1_000);
console.log(`${all.length} situations, ${results.length - odd.length} of ${results.length} as predicted, ${seconds} s`);
if (values.write) writeResults(results);
process.exitCode = odd.length === 0 ? 0 : 1;
