import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { never } from "../../control-plane/src/lib/exhaustive.ts";
import type { Bench } from "./bench.ts";
import type { Cell } from "./cell.ts";
import { type Usage, usageOf } from "./process-usage.ts";
import { type ServerUnderTest, type Side, startServer } from "./servers.ts";
import { type Phase, runSwarm, type SwarmReport } from "./swarm.ts";

/** Names and units of all figures; a run has those that its cell is about. */
export type Figures = Partial<Record<FigureName, number>>;
export type FigureName = keyof typeof figureTitles;

export const figureTitles = {
  stormMs: "storm, ms",
  stormCpuS: "storm, CPU s",
  stormHeldMs: "event loop held in the storm at most, ms",
  p50Ms: "change to receipt p50, ms",
  p99Ms: "change to receipt p99, ms",
  cpuPerChangeS: "CPU s per change",
  bytesPerChange: "bytes per client per change",
  changeHeldMs: "event loop held by a change at most, ms",
  rssMiB: "RSS after the rounds, MiB",
  idleStreamKiB: "RSS per idle stream, KiB",
  reconnectMs: "back until, ms",
  reconnectCpuS: "coming back, CPU s",
  reconnectBytes: "coming back, bytes per client",
  reconnectResources: "coming back, resources per client",
  changesPerS: "changes a second that went on",
  cpuShare: "CPU while changes go on, cores",
  otherShare: "noise: share of the machine that others used",
  failed: "streams that failed or missed something",
} as const;

// The kernel counts processor time in hundredths of a second: few streams need many changes to be told apart.
const roundsOf = ({ streams }: Cell) => (streams <= 1_000 ? 20 : 10);
const warmup = 3;

/** One run of one cell with a server of its own. */
export async function measure(cell: Cell, side: Side, bench: Bench): Promise<Figures> {
  await using server = await startServer(side, cell, bench);
  switch (cell.doing) {
    case "changes":
    case "held":
      return await changes(cell, server, bench);
    case "reconnect":
      return await reconnect(cell, server, bench);
    case "sustained":
      return await sustained(cell, server, bench);
    default:
      return never(cell.doing);
  }
}

function swarmArgs({ variant, streams, clusters }: Cell, { xds, pid }: ServerUnderTest): readonly string[] {
  return [
    ...["-addr", xds, "-mode", variant, "-streams", `${streams}`, "-expect-clusters", `${clusters}`],
    ...["-watch-type", "eds", "-watch-name", "cluster-00003", "-pid", `${pid()}`],
  ];
}

async function changes(cell: Cell, server: ServerUnderTest, bench: Bench): Promise<Figures> {
  const before = await usageOf(server.pid());
  await longestHeldMs(server);
  let [stormHeldMs, changeHeldMs]: (number | undefined)[] = [];
  const args = [...swarmArgs(cell, server), ...changeArgs(cell, server), "-idle", "2s", "-hold", "500ms"];
  const report = await runSwarm(bench.swarm, args, {
    async afterStorm() {
      stormHeldMs = await longestHeldMs(server);
    },
    afterRound: [
      // What the storm leaves behind is over by then.
      [warmup, async () => void (await longestHeldMs(server))],
      [
        warmup + roundsOf(cell),
        async () => {
          changeHeldMs = await longestHeldMs(server);
        },
      ],
    ],
  });
  return figuresOf(report, cell, before, { stormHeldMs, changeHeldMs });
}

function changeArgs(cell: Cell, { http }: ServerUnderTest): readonly string[] {
  const rounds = ["-rounds", `${roundsOf(cell)}`, "-warmup", `${warmup}`];
  return ["-change-url", `http://${http}/bump?cluster=3`, ...rounds];
}

function figuresOf(
  report: SwarmReport,
  { streams }: Cell,
  before: Usage,
  held: Readonly<Record<"stormHeldMs" | "changeHeldMs", number | undefined>>,
): Figures {
  const [storm] = report.storms;
  const { overall } = report;
  const idleRss = report.idle?.server?.rss_after;
  const lastRound = report.rounds?.at(-1)?.server?.rss_after;
  return defined({
    stormMs: storm?.from_start.max,
    stormCpuS: storm?.server?.cpu_s,
    ...held,
    p50Ms: overall?.from_start.p50,
    p99Ms: overall?.from_start.p99,
    cpuPerChangeS: overall?.server_cpu_s_per_change,
    bytesPerChange: overall?.bytes_per_stream_per_change,
    rssMiB: lastRound && lastRound / 2 ** 20,
    idleStreamKiB: idleRss && (idleRss - before.rssBytes) / streams / 1_024,
    otherShare: overall?.other_cpu_share,
    failed: failuresOf(report),
  });
}

/** The server is started anew while nobody is connected; what it uses from then on is what the clients' return costs. */
async function reconnect(cell: Cell, server: ServerUnderTest, bench: Bench): Promise<Figures> {
  const restarting = createServer(async (_request, response) => {
    await server.restart();
    started = await usageOf(server.pid());
    response.end();
  });
  let started: Usage | undefined;
  await once(restarting.listen(0, "127.0.0.1"), "listening");
  const { port } = restarting.address() as AddressInfo;
  const command = `'${process.execPath}' -e 'await fetch("http://127.0.0.1:${port}")' --input-type=module`;
  let used: Usage | undefined;
  const sampling = setInterval(async () => {
    if (started !== undefined) used = await usageOf(server.pid()).catch(() => used);
  }, 200);
  try {
    const { reconnects = [], ...report } = await runSwarm(bench.swarm, [
      ...swarmArgs(cell, server).filter((_arg, index, all) => all[index] !== "-pid" && all[index - 1] !== "-pid"),
      ...["-rounds", "0", "-reconnects", "1", "-reconnect-cmd", command, "-hold", "500ms"],
    ]);
    const [phase] = reconnects;
    return defined({
      reconnectMs: phase?.from_start.max,
      reconnectCpuS: used && started && used.cpuSeconds - started.cpuSeconds,
      reconnectBytes: phase?.bytes_per_stream.mean,
      reconnectResources: phase?.resources_per_stream,
      failed: failuresOf(report) + (phase?.missing ?? 0),
    });
  } finally {
    clearInterval(sampling);
    restarting.close();
  }
}

const changesPerSecond = 50;

/** How old is what clients see while the world never stands still? Other clusters change all the time, in turn. */
async function sustained(cell: Cell, server: ServerUnderTest, bench: Bench): Promise<Figures> {
  const over = new AbortController();
  let changing: Promise<number> | undefined;
  let changeHeldMs: number | undefined;
  const args = [...swarmArgs(cell, server), ...changeArgs(cell, server), "-settle", "1s", "-hold", "500ms"];
  const report = await runSwarm(bench.swarm, args, {
    async afterStorm() {
      await longestHeldMs(server);
      changing = changeOthers(cell, server, over.signal);
    },
    afterRound: [
      [
        warmup + roundsOf(cell),
        async () => {
          over.abort();
          changeHeldMs = await longestHeldMs(server);
        },
      ],
    ],
  });
  over.abort();
  const counted = (report.rounds ?? []).filter(({ warmup }) => !warmup);
  const sum = (of: (phase: Phase) => number) => counted.reduce((total, phase) => total + of(phase), 0);
  return defined({
    p50Ms: report.overall?.from_start.p50,
    p99Ms: report.overall?.from_start.p99,
    changeHeldMs,
    changesPerS: await changing,
    cpuShare: sum(({ server }) => server?.cpu_s ?? 0) / (sum(({ wall_ms }) => wall_ms) / 1_000),
    rssMiB: (counted.at(-1)?.server?.rss_after ?? 0) / 2 ** 20,
    otherShare: report.overall?.other_cpu_share,
    failed: failuresOf(report),
  });
}

/** Changes one cluster after the other until told to stop; resolves with how many there were in a second. */
async function changeOthers({ clusters }: Cell, { http }: ServerUnderTest, signal: AbortSignal): Promise<number> {
  const first = 10;
  const start = performance.now();
  let count = 0;
  while (!signal.aborted) {
    await fetch(`http://${http}/bump?cluster=${first + (count % (clusters - first))}`);
    count += 1;
    await delay(Math.max(0, start + (count * 1_000) / changesPerSecond - performance.now()));
  }
  return (count * 1_000) / (performance.now() - start);
}

/** How long the event loop was held at most since it was last asked; undefined for servers that do not say. */
async function longestHeldMs({ http }: ServerUnderTest): Promise<number | undefined> {
  const stats = (await (await fetch(`http://${http}/stats`)).json()) as {
    readonly heldMs?: { readonly longest: number };
  };
  return stats.heldMs?.longest;
}

function failuresOf({ ok, errors, error_texts = [], storms, rounds = [] }: SwarmReport): number {
  for (const text of error_texts) console.error(`the load client says: ${text}`);
  const missing = [...storms, ...rounds].reduce((sum, phase) => sum + phase.missing, 0);
  return ok ? 0 : Math.max(1, errors + missing);
}

function defined(figures: Readonly<Record<string, number | undefined>>): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined));
}
