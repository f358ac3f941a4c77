// node test/load/report-cost/creates.ts [--store postgres] [--seconds 8] [--rates 200,500,1500] [--rounds 2] [main.ts …]: what accepting a report costs, in CPU of the server and the store, of several versions of the service by turns.
import { parseArgs } from "node:util";
import { measure } from "./measure.ts";
import { fill, type Service, startService } from "./service.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: "string", default: "postgres" },
    seconds: { type: "string", default: "8" },
    rates: { type: "string", default: "200,500,1500" },
    rounds: { type: "string", default: "2" },
  },
});
const { store } = values;
if (store !== "sqlite" && store !== "postgres") throw new Error(`--store must be sqlite or postgres, not "${store}"`);

console.log("| version | asked /s | us of CPU | server | store | p50 ms | p99 ms | not OK | others |");
console.log("|---|---|---|---|---|---|---|---|---|");
await using stack = new AsyncDisposableStack();
const versions: { readonly name: string; readonly service: Service; readonly names: readonly string[] }[] = [];
for (const main of positionals.length > 0 ? positionals : [undefined]) {
  const service = stack.use(await startService(store, [], main));
  const names = await fill(service.address, 20, 1);
  // Only what accepting costs: nobody works on what is accepted.
  service.work.signal("SIGSTOP");
  versions.push({ name: main ?? "this tree", service, names });
}
const run = async ({ service, names }: (typeof versions)[number], perSecond: number, seconds: number, name: string) => {
  const target = service.address;
  const load = { targets: [target, target], perSecond, seconds, mix: { created: 1 }, seed: 1, names, contents: 1 };
  return measure(service, { ...load, run: name });
};
for (const version of versions) await run(version, 500, 4, "warm-up");
for (let round = 1; round <= Number(values.rounds); round += 1) {
  for (const rate of values.rates.split(",").map(Number)) {
    for (const version of versions) {
      const { cpu, all, otherShare } = await run(version, rate, Number(values.seconds), `${round}-${rate}`);
      const figures = [cpu.calls + cpu.store, cpu.calls, cpu.store].map((micros) => micros.toFixed(0));
      const times = [all.p50Ms, all.p99Ms].map((ms) => ms.toFixed(1));
      const notOk = all.calls - (all.codes["OK"] ?? 0);
      const cells = [version.name, rate, ...figures, ...times, notOk, `${(otherShare * 100).toFixed(0)} %`];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
}
for (const { service } of versions) service.work.signal("SIGCONT");
