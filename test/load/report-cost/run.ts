// npm run load:reports -- [--store sqlite|postgres] [--seconds 8] [--rates 500,1000,2000,3000] [--scale 1] [--write]: what calls cost the report service, in CPU of all its processes.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { costPage, type Phase } from "./cost-page.ts";
import type { Cpu } from "./cpu.ts";
import { startEdgeBefore } from "./edge.ts";
import { machineText } from "./machine.ts";
import { type Measured, measure, measureIdle } from "./measure.ts";
import { type Mix, statedMix } from "./mix.ts";
import { fill, settle, startService } from "./service.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite,postgres" },
    seconds: { type: "string", default: "8" },
    rates: { type: "string", default: "500,1000,2000,3000" },
    scale: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const contents = 20;
const writtenByHand = "## Against the goals";
// Of the rates of single kinds of calls: less for a machine that has other things to do.
const scale = Number(values.scale);
const phases: Phase[] = [];
const idles = new Map<string, Cpu>();

for (const store of values.store.split(",")) {
  if (store !== "sqlite" && store !== "postgres") throw new Error(`--store must be sqlite or postgres, not "${store}"`);
  await measureStore(store);
}
const page = costPage(machineText(), phases, idles);
console.log(`\n${page}`);
if (values.write) {
  const path = join(process.cwd(), "docs", "report-service", "cost.md");
  const before = await readFile(path, "utf8");
  // What people have written of it stands below.
  const written = before.indexOf(writtenByHand);
  await writeFile(path, written < 0 ? page : `${page}\n${before.slice(written)}`);
}

async function measureStore(store: "sqlite" | "postgres"): Promise<void> {
  await using service = await startService(store);
  const names = await fill(service.address, 300, contents);
  let runs = 0;
  let stopped = false;
  const run = async (
    name: string,
    mix: Mix,
    perSecond: number,
    target = service.address,
    envoyPid?: number,
  ): Promise<Measured> => {
    runs += 1;
    if (!stopped) await settle(service.address);
    const load = {
      targets: [target, target],
      perSecond,
      seconds,
      mix,
      seed: runs,
      run: `${process.pid}-${runs}`,
      names,
      contents,
    };
    const measured = await measure(service, load, envoyPid);
    phases.push({ store, name, measured });
    console.log(lineOf(store, name, measured));
    return measured;
  };

  // Compiled code is what is measured.
  await run("warm-up", statedMix, 500 * scale);
  phases.pop();
  await settle(service.address);
  const idle = await measureIdle(service, seconds);
  idles.set(store, idle);
  console.log(`${store} idle: ${JSON.stringify(idle)} ms of CPU a second`);
  await run("get", { get: 1 }, 1_000 * scale);
  await run("watch", { watch: 1 }, 500 * scale);
  await run("url", { url: 1 }, 500 * scale);
  await run("list", { list: 1 }, 100 * scale);
  await run("reused", { reused: 1 }, 500 * scale);
  // Only what accepting costs: nobody works on what is accepted.
  await settle(service.address);
  stopped = true;
  service.work.signal("SIGSTOP");
  await run("created", { created: 1 }, 500 * scale);
  service.work.signal("SIGCONT");
  stopped = false;
  await run("made", { created: 1 }, 60 * scale);
  for (const rate of values.rates.split(",").map(Number)) await run(`mix at ${rate}/s`, statedMix, rate);

  await using edge = await startEdgeBefore(service.address);
  await run(`mix at ${1_000 * scale}/s through Envoy`, statedMix, 1_000 * scale, edge.target, edge.envoyPid);
}

function lineOf(store: string, name: string, { cpu, all, sent, otherShare }: Measured): string {
  const spent = Object.entries(cpu).map(([who, micros]) => `${who} ${micros.toFixed(0)}`);
  const codes = Object.entries(all.codes).map(([code, count]) => `${code} ${count}`);
  return `${store} ${name}: ${sent} calls, us each: ${spent.join(", ")}; p50 ${all.p50Ms.toFixed(1)} p99 ${all.p99Ms.toFixed(1)} ms; ${codes.join(", ")}; others used ${(otherShare * 100).toFixed(0)} %`;
}
