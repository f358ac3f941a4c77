// What SQL reports take while Python reports loop, eat memory and throw, beside what they take without: npm run load:clusters
import { cp, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { ReportCallError } from "@weir/report-service/src/client.ts";
import { createOne } from "@weir/report-service/test/calls.ts";
import {
  type ServerProcess,
  startServer,
  temporaryDirectory,
  testKinds,
} from "@weir/report-service/test/server-process.ts";
import { type Folder, makeFolder } from "../../kit/folder.ts";
import { quantile } from "../../kit/quantile.ts";
import { quietMachine } from "../quiet-machine.ts";
import { bootstrap, type Ratio, ratioByRound, ratioOfAll } from "./ratio.ts";

// "again" is alone, too: what differs between them is noise. "beside" are three kinds that only misbehave, "full" is a kind
// that does so in turns and now and then what it should, so that no circuit opens and its cluster never rests.
const phases = ["alone", "beside", "again", "full"] as const;
type Phase = (typeof phases)[number];
const misdeeds = ["loop", "eat", "throw"] as const;
type Sample = { readonly phase: Phase; readonly round: number; readonly tookMs: number };
/** One server's: `--code-scheduling` and what came of it. */
type Taken = {
  readonly scheduling: string;
  readonly samples: readonly Sample[];
  /** How what misbehaved ended, and how often. */
  readonly ends: ReadonlyMap<string, number>;
};

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    seconds: { type: "string", default: "12" },
    scheduling: { type: "string", default: "other,auto,idle" },
    out: { type: "string" },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];

await quietMachine(60_000);
const all: Taken[] = [];
for (const scheduling of values.scheduling.split(",")) all.push(await take(scheduling));
const page = pageOf(all);
process.stdout.write(page);
if (values.out !== undefined) await writeFile(values.out, page);

async function take(scheduling: string): Promise<Taken> {
  await using data = await temporaryDirectory();
  await using kinds = await makeKinds();
  const flags = ["--concurrency", "sql=1,python=1", "--job-lease", "30s", "--code-scheduling", scheduling];
  await using server = await startServer(data.path, flags, {}, kinds.path);
  // Both clusters are warm before anything counts.
  await measure(server, "alone", -1, 5);
  await server.client.waitForEnd(await createOne(server.client, "scripted"), { timeoutMs: 60_000 });

  const samples: Sample[] = [];
  const ends = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    // Each phase comes first, second and so on in turn, so that what drifts touches all of them.
    const first = round % phases.length;
    for (const phase of [...phases.slice(first), ...phases.slice(0, first)]) {
      const stop = misbehave(server, phase, ends);
      samples.push(...(await measure(server, phase, round, seconds)));
      await stop();
    }
  }
  return { scheduling, samples, ends };
}

/** The tests' kinds, and one for each thing that Python should not do. */
async function makeKinds(): Promise<Folder> {
  const folder = await makeFolder("kinds");
  for (const kind of ["wide", "scripted"]) await cp(join(testKinds, `${kind}.yaml`), join(folder.path, `${kind}.yaml`));
  const scripted = await readFile(join(testKinds, "scripted.yaml"), "utf8");
  for (const act of misdeeds) {
    const kind = scripted.replace("name: scripted", `name: ${act}`).replace("default: count", `default: ${act}`);
    await writeFile(join(folder.path, `${act}.yaml`), kind);
  }
  return folder;
}

/** One report after the other, from its creation to its end, as the client sees it. */
async function measure(
  { client }: ServerProcess,
  phase: Phase,
  round: number,
  forSeconds: number,
): Promise<readonly Sample[]> {
  const taken: Sample[] = [];
  const end = performance.now() + forSeconds * 1_000;
  while (performance.now() < end) {
    const startedAt = performance.now();
    await client.waitForEnd(await createOne(client, "wide", { rows: 100 }), { timeoutMs: 60_000 });
    taken.push({ phase, round, tookMs: performance.now() - startedAt });
  }
  return taken;
}

/** Asks for what Python should not do, as `phase` says, until stopped; then until nothing of it is left. */
function misbehave({ client }: ServerProcess, phase: Phase, ends: Map<string, number>): () => Promise<void> {
  let stopped = false;
  const count = (end: string) => ends.set(`${phase}: ${end}`, (ends.get(`${phase}: ${end}`) ?? 0) + 1);
  async function keepAsking(next: (turn: number) => { readonly kind: string; readonly act?: string }): Promise<void> {
    for (let turn = 0; !stopped; turn++) {
      const { kind, ...parameters } = next(turn);
      try {
        const { state, error } = await client.waitForEnd(await createOne(client, kind, parameters), {
          timeoutMs: 60_000,
        });
        const end = state === State.FAILED ? `in failure: ${error?.message}` : `in state ${state}`;
        count(`${parameters.act ?? kind} ended ${end}`);
      } catch (error) {
        if (!(error instanceof ReportCallError && error.reason === "KIND_CIRCUIT_OPEN")) throw error;
        count(`${kind} was refused for a while, its circuit was open`);
        for (const until = performance.now() + (error.retryAfterMs ?? 0); !stopped && performance.now() < until; )
          await setTimeout(100);
      }
    }
  }
  const asking =
    phase === "beside"
      ? misdeeds.map((kind) => keepAsking(() => ({ kind })))
      : phase === "full"
        ? [keepAsking((turn) => ({ kind: "scripted", act: ["count", ...misdeeds][turn % 4] ?? "count" }))]
        : [];
  return async () => {
    stopped = true;
    await Promise.all(asking);
  };
}

function pageOf(all: readonly Taken[]): string {
  return `# SQL reports beside Python reports that loop, eat memory and throw

${rounds} rounds of ${seconds} s each way, in which SQL reports follow each other from create to end; the ways take turns at going first. One server, embedded,
one SQL and one Python worker, in the session of its client. ${cpus().length} cores (${cpus()[0]?.model}), Linux ${release()}, load average at the end ${loadavg()
    .map((load) => load.toFixed(1))
    .join(", ")}, Node ${process.version}.
${all.map(sectionOf).join("")}`;
}

function sectionOf({ scheduling, samples, ends }: Taken): string {
  const of = (phase: Phase, only?: number) =>
    samples.filter((one) => one.phase === phase && (only ?? one.round) === one.round).map(({ tookMs }) => tookMs);
  const parts = [0.5, 0.9, 0.99];
  const row = (phase: Phase) =>
    `| ${phase} | ${of(phase).length} | ${parts.map((part) => quantile(of(phase), part).toFixed(1)).join(" | ")} |`;
  const byRound = (phase: Phase) =>
    Array.from({ length: rounds }, (_, round) => quantile(of(phase, round), 0.99).toFixed(1)).join(", ");
  const over = (phase: Phase, ...others: readonly Phase[]) => {
    const pairs = Array.from({ length: rounds }, (_, round) => ({
      one: of(phase, round),
      other: others.flatMap((other) => of(other, round)),
    }));
    return [...parts.map((part) => bootstrap(ratioOfAll, pairs, part)), bootstrap(ratioByRound, pairs, 0.99)]
      .map(textOf)
      .join(" | ");
  };
  return `
## --code-scheduling ${scheduling}

| | reports | p50, ms | p90, ms | p99, ms |
|---|---|---|---|---|
${row("alone")}
${row("again")}
${row("beside")}
${row("full")}

| over each other | p50 | p90 | p99 | p99, round by round |
|---|---|---|---|---|
| again over alone: noise | ${over("again", "alone")} |
| beside over both | ${over("beside", "alone", "again")} |
| full over both | ${over("full", "alone", "again")} |

In brackets where 95 of 100 draws of rounds have it.
p99 by round, ms: ${phases.map((phase) => `${phase} ${byRound(phase)}`).join("; ")}.

${[...ends].map(([end, count]) => `- ${end}: ${count}`).join("\n")}
`;
}

function textOf({ ratio, low, high }: Ratio): string {
  return `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
