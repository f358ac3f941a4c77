// What reads of finished reports cost our server, beside a minimal grpc-go server and the least that grpc-js can do, with
// the same reports and the same client, in turns: each kind of read by itself, and all as the mix has them. A rate of 0 is
// as fast as they answer.
//   npm run load:reads -- [--rates 1000,3000,0] [--seconds 5] [--rounds 3] [--reports 200] [--flags="--cache off"] [--write]
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startServer, temporaryDirectory } from "../../../report-service/test/server-process.ts";
import { makeFolder } from "../../kit/folder.ts";
import { startProcess } from "../../kit/process.ts";
import { usageOf } from "../process-usage.ts";
import { writeCalls } from "../report-cost/calls-file.ts";
import { machineText } from "../report-cost/machine.ts";
import { type Mix, statedMix } from "../report-cost/mix.ts";
import { withSection } from "../report-cost/page-section.ts";
import { buildPeer } from "./build-peer.ts";
import { checkAnswers } from "./check-answers.ts";
import { finishedReports } from "./finished-reports.ts";
import { writeMessages } from "./messages.ts";
import { type Read, readsHeading, readsSection } from "./reads-page.ts";

const { values } = parseArgs({
  options: {
    rates: { type: "string", default: "1000,3000,0" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    reports: { type: "string", default: "200" },
    connections: { type: "string", default: "4" },
    flags: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});

type Contender = { readonly name: Read["server"]; readonly address: string; readonly pid: number };
type Loaded = {
  readonly codes: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bytes: number;
};

const { get = 0, watch = 0, url = 0 } = statedMix;
const mixes: Readonly<Record<Read["kind"], Mix>> = {
  get: { get: 1 },
  watch: { watch: 1 },
  url: { url: 1 },
  mix: { get, watch, url },
};

const peer = await buildPeer();
if (peer.kind === "missing") {
  console.log(`not measured: ${peer.why}`);
} else {
  const reads = await measure(peer.program);
  const section = readsSection(machineText(), Number(values.rounds), reads);
  console.log(`\n${section}`);
  if (values.write) {
    const path = join(process.cwd(), "docs", "report-service", "cost.md");
    await writeFile(path, withSection(await readFile(path, "utf8"), readsHeading, section));
  }
}

async function measure(program: string): Promise<readonly Read[]> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeFolder("report-reads"));
  const data = stack.use(await temporaryDirectory());
  const flags = values.flags.split(" ").filter((flag) => flag !== "");
  const weir = stack.use(await startServer(data.path, flags));
  const finished = await finishedReports(weir.client, Number(values.reports));
  const names = finished.map(({ name }) => name);
  const [readsFile, key] = [`${folder.path}/reads`, randomBytes(32).toString("hex")];
  await writeMessages(
    readsFile,
    finished.flatMap(({ event, download }) => [event, download]),
  );
  const files = new Map<string, string>();
  for (const [kind, mix] of Object.entries(mixes)) {
    const file = `${folder.path}/${kind}`;
    // Called at random, so that there need not be as many as are sent.
    const some = { targets: [], perSecond: 2_000, seconds: 1, seed: 1, run: "reads", contents: 0 };
    await writeCalls(file, { ...some, mix, names });
    files.set(kind, file);
  }

  const go = stack.use(startProcess({ name: "grpc-go", command: program, args: ["serve", readsFile, key] }));
  const bareMain = new URL("bare-main.ts", import.meta.url).pathname;
  const bare = stack.use(
    startProcess({ name: "grpc-js", command: process.execPath, args: [bareMain, readsFile, key] }),
  );
  const contenders: Contender[] = [{ name: "Weir", address: weir.address, pid: weir.process.pid ?? -1 }];
  for (const [name, server] of [
    ["grpc-go", go],
    ["grpc-js", bare],
  ] as const) {
    const { address, pid } = await server.json(({ address }) => typeof address === "string", 30_000);
    await checkAnswers(String(address), finished, key);
    contenders.push({ name, address: String(address), pid: Number(pid) });
  }

  const load = async (address: string, kind: Read["kind"], rate: string, seconds: string): Promise<Loaded> => {
    const args = ["load", address, files.get(kind) ?? "", values.connections, "16", rate, `${seconds}s`];
    await using client = startProcess({ name: "load", command: program, args });
    return (await client.json(({ codes }) => codes !== undefined, 600_000)) as Loaded;
  };
  // Compiled code is what is measured.
  for (const { address } of contenders) await load(address, "mix", "0", "3");

  const reads: Read[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const rate of values.rates.split(",")) {
      for (const kind of Object.keys(mixes) as Read["kind"][]) {
        for (const { name, address, pid } of contenders) {
          const before = await usageOf(pid);
          const { codes, calls, seconds, p50Ms, p99Ms, bytes } = await load(address, kind, rate, values.seconds);
          const after = await usageOf(pid);
          const micros = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / calls;
          const notOk = calls - (codes["OK"] ?? 0);
          reads.push({ server: name, kind, askedPerSecond: Number(rate), micros, p99Ms, notOk });
          console.log(
            `${name.padEnd(8)} ${kind.padEnd(6)} ${micros.toFixed(0).padStart(5)} us  ${(calls / seconds).toFixed(0).padStart(6)}/s` +
              `  p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms  ${(bytes / calls).toFixed(0)} bytes  ${notOk} not OK`,
          );
        }
      }
    }
  }
  return reads;
}
