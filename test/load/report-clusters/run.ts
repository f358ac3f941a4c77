// What SQL reports take while Python reports loop, eat memory and throw, beside what they take without: npm run load:clusters
import { writeFile } from "node:fs/promises";
import { cpus, loadavg, release } from "node:os";
import { parseArgs } from "node:util";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { createOne } from "@weir/report-service/test/calls.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "@weir/report-service/test/server-process.ts";
import { quietMachine } from "../quiet-machine.ts";

type Phase = "alone" | "beside";
type Sample = { readonly phase: Phase; readonly round: number; readonly tookMs: number };
/** One server's: `--code-scheduling` and what came of it. */
type Taken = {
  readonly scheduling: string;
  readonly samples: readonly Sample[];
  /** How loops ended, and how often. */
  readonly ends: ReadonlyMap<string, number>;
};

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "8" },
    seconds: { type: "string", default: "12" },
    scheduling: { type: "string", default: "other,idle" },
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
  const flags = ["--concurrency", "sql=1,python=1", "--job-lease", "30s", "--code-scheduling", scheduling];
  await using server = await startServer(data.path, flags);
  // Both clusters are warm before anything counts.
  await measure(server, "alone", -1, 5);
  await server.client.waitForEnd(await createOne(server.client, "scripted"), { timeoutMs: 60_000 });

  const samples: Sample[] = [];
  const ends = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    // Each phase goes first in every other round, so that what drifts touches both.
    const order: readonly Phase[] = round % 2 === 0 ? ["alone", "beside"] : ["beside", "alone"];
    for (const phase of order) {
      const stop = phase === "beside" ? misbehave(server, round, ends) : undefined;
      samples.push(...(await measure(server, phase, round, seconds)));
      await stop?.();
    }
  }
  return { scheduling, samples, ends };
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

/** Keeps the Python cluster full of what it should not be asked for, each of another tenant, until stopped. */
function misbehave({ client }: ServerProcess, round: number, ends: Map<string, number>): () => Promise<void> {
  let stopped = false;
  const acts = ["loop", "eat", "throw", "count"] as const;
  const work = (async () => {
    for (let turn = 0; !stopped; turn++) {
      const act = acts[turn % acts.length] ?? "count";
      const name = await createOne(client, "scripted", { act }, `tenants/t${round}`);
      if (act !== "loop") continue;
      // It holds its worker for as long as it may; the next ones wait behind it.
      await client.waitForEnd(name, { timeoutMs: 60_000 }).then(({ state, error }) => {
        const end = state === State.FAILED ? `in failure: ${error?.message}` : `in state ${state}`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
      });
    }
  })();
  return async () => {
    stopped = true;
    await work;
    await client.waitForEnd(await createOne(client, "scripted", {}, `tenants/t${round}`), { timeoutMs: 120_000 });
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
  const ratio = (part: number) => (quantile(of("beside"), part) / quantile(of("alone"), part)).toFixed(2);
  return `
## --code-scheduling ${scheduling}

| | reports | p50, ms | p90, ms | p99, ms |
|---|---|---|---|---|
${row("alone")}
${row("beside")}

Beside over alone: p50 ${ratio(0.5)}, p99 ${ratio(0.99)}. p99 by round, ms: alone ${byRound("alone")}; beside ${byRound("beside")}.

${[...ends].map(([end, count]) => `- ${count} loops ended ${end}`).join("\n")}
`;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
