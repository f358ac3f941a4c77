// npm run load:report-goals -- [--store postgres] [--seconds 8] [--rates 3000] [--rounds 2] [--only reads,mix,creates] [main.ts …]: what the report service is to cost, and what it does, of several versions of it by turns.
import { parseArgs } from "node:util";
import { totalOf } from "./cpu.ts";
import { type Measured, measure } from "./measure.ts";
import { type Mix, statedMix } from "./mix.ts";
import { fill, settle, startService } from "./service.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: "string", default: "postgres" },
    seconds: { type: "string", default: "8" },
    rates: { type: "string", default: "3000" },
    rounds: { type: "string", default: "2" },
    only: { type: "string", default: "reads,mix,creates" },
  },
});
const { store } = values;
if (store !== "sqlite" && store !== "postgres") throw new Error(`--store must be sqlite or postgres, not "${store}"`);
const seconds = Number(values.seconds);
const only = new Set(values.only.split(","));
const contents = 20;

/** A load, and what it is to cost at 3,000 calls a second. Creates come last: nobody works on them, and all of them wait. */
type Goal = { readonly name: string; readonly mix: Mix; readonly goal: string };
const { get = 0, watch = 0, url = 0 } = statedMix;
const goals: readonly Goal[] = [
  { name: "reads", mix: { get, watch, url }, goal: "120 us" },
  { name: "mix", mix: statedMix, goal: "p99 100 ms" },
  { name: "creates", mix: { created: 1 }, goal: "250 us" },
].filter(({ name }) => only.has(name));
if (goals.length === 0) throw new Error(`--only must name some of reads, mix and creates, not "${values.only}"`);

console.log("| version | load | goal | asked /s | us of CPU | server | store | p50 ms | p99 ms | not OK | others |");
console.log("|---|---|---|---|---|---|---|---|---|---|---|");
for (let round = 1; round <= Number(values.rounds); round += 1) {
  for (const rate of values.rates.split(",").map(Number)) {
    for (const main of positionals.length > 0 ? positionals : [undefined]) await measureAll(main, rate);
  }
}

async function measureAll(main: string | undefined, perSecond: number): Promise<void> {
  await using service = await startService(store as "sqlite" | "postgres", [], main);
  const target = service.address;
  const names = await fill(target, 300, contents);
  let runs = 0;
  const run = (mix: Mix, forSeconds: number): Promise<Measured> => {
    runs += 1;
    const load = { targets: [target, target], perSecond, seconds: forSeconds, mix, seed: runs, run: `${runs}` };
    return measure(service, { ...load, names, contents });
  };
  // Compiled code is what is measured.
  await run(statedMix, seconds);
  for (const { name, mix, goal } of goals) {
    await settle(target);
    if (name === "creates") service.work.signal("SIGSTOP");
    const { cpu, all, otherShare } = await run(mix, seconds);
    if (name === "creates") service.work.signal("SIGCONT");
    const figures = [totalOf(cpu), cpu.calls, cpu.store].map((micros) => micros.toFixed(0));
    const times = [all.p50Ms, all.p99Ms].map((ms) => ms.toFixed(1));
    const notOk = all.calls - (all.codes["OK"] ?? 0);
    const others = `${(otherShare * 100).toFixed(0)} %`;
    const cells = [main ?? "this tree", name, goal, perSecond, ...figures, ...times, notOk, others];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
