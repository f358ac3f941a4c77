// npm run load:report-envoy -- [--store postgres] [--rates 1000,2000,2500,3000] [--rounds 3] [--seconds 8] [--write]: the stated mix straight to the report service and through Envoy as Weir leads it, by turns.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cpuBetween, readCpu } from "./cpu.ts";
import { startEdgeBefore } from "./edge.ts";
import { machineText } from "./machine.ts";
import { measure } from "./measure.ts";
import { statedMix } from "./mix.ts";
import { withSection } from "./page-section.ts";
import { cpuOfTrees } from "./process-tree.ts";
import { fill, settle, startService } from "./service.ts";
import { envoyHeading, envoySection, type Turn } from "./through-envoy-page.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "postgres" },
    rates: { type: "string", default: "1000,2000,2500,3000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "8" },
    write: { type: "boolean", default: false },
  },
});
const { store } = values;
if (store !== "sqlite" && store !== "postgres") throw new Error(`--store must be sqlite or postgres, not "${store}"`);
const seconds = Number(values.seconds);
const contents = 20;
const turns: Turn[] = [];

await using service = await startService(store);
await using edge = await startEdgeBefore(service.address);
const names = await fill(service.address, 300, contents);
let runs = 0;
const [weirBefore, startedMs] = [await weirSeconds(), performance.now()];

// Compiled code is what is measured, and connections that are there.
for (const way of ["direct", "envoy"] as const) await run(way, 1_000);
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const perSecond of values.rates.split(",").map(Number)) {
    // Who comes second finds a store that has grown: so they change places.
    for (const way of round % 2 === 0 ? (["direct", "envoy"] as const) : (["envoy", "direct"] as const)) {
      const turn = await run(way, perSecond);
      turns.push(turn);
      console.log(JSON.stringify(turn));
    }
  }
}
const weirMs = ((await weirSeconds()) - weirBefore) / ((performance.now() - startedMs) / 1e6);
const connections = await edge.connections();
const section = envoySection({ machine: machineText(), store, seconds, weirMs, connections }, turns);
console.log(`\n${section}`);
if (values.write) {
  const path = join(process.cwd(), "docs", "report-service", "cost.md");
  await writeFile(path, withSection(await readFile(path, "utf8"), envoyHeading, section));
}

async function weirSeconds(): Promise<number> {
  const [weir] = await cpuOfTrees([edge.weirPid]);
  return weir ? weir.own + weir.below : 0;
}

async function run(way: Turn["way"], perSecond: number): Promise<Turn> {
  runs += 1;
  const target = way === "envoy" ? edge.target : service.address;
  const load = { targets: [target, target], perSecond, seconds, mix: statedMix, seed: runs, names, contents };
  await settle(service.address);
  const before = await readCpu(service, edge.envoyPid);
  const measured = await measure(service, { ...load, run: `${process.pid}-${runs}` }, edge.envoyPid);
  const { all, sent, otherShare } = measured;
  const endedMs = performance.now();
  // What a create asks for is done once its report is made.
  await settle(service.address);
  return {
    ...{ way, perSecond, otherShare, p50Ms: all.p50Ms, p99Ms: all.p99Ms, notOk: sent - (all.codes["OK"] ?? 0) },
    micros: measured.cpu,
    microsUntilMade: cpuBetween(before, await readCpu(service, edge.envoyPid), 1e6 / sent),
    senderMicros: measured.load,
    workedOffS: (performance.now() - endedMs) / 1_000,
  };
}
