import { type Cpu, totalOf } from "./cpu.ts";
import type { Measured } from "./measure.ts";
import { type CallKind, statedMix } from "./mix.ts";

export type Phase = { readonly store: string; readonly name: string; readonly measured: Measured };

const titles: Readonly<Record<CallKind | "made", string>> = {
  get: "GetReport, finished",
  watch: "WatchReport, finished",
  url: "GetDownloadUrl",
  list: "ListReports, 20 a page",
  reused: "CreateReport, answered by an identical one",
  created: "CreateReport, accepted",
  made: "CreateReport, accepted and made",
};

const perSecond = 10_000;
/** What a machine is loaded to where another one may fail. */
const utilisation = 0.6;
const machineCores = 4;

/** The page that is kept: what each call costs, the mix by rate, and the sum for ten thousand calls a second. */
export function costPage(machine: string, phases: readonly Phase[], idles: ReadonlyMap<string, Cpu>): string {
  const stores = [...new Set(phases.map(({ store }) => store))];
  return [
    "# What calls cost the report service",
    "",
    `${machine}. Load and service on the same machine over loopback, without TLS; written by \`npm run load:reports\`.`,
    "CPU is user and system time of all processes of the service by `/proc`: `calls` answers calls, `work` claims reports and",
    "writes results, `making` is the process that runs the queries, `store` is all of Postgres (`fsync=on`). The load's own is",
    "not in it. A call is right where its `grpc-status` is OK. `others` is what else kept the machine busy meanwhile, which",
    "lengthens times and leaves CPU nearly as it is. Times are from when a call was due. Envoy is the one of `npm run load:report-envoy`, led by Weir.",
    "",
    `The mix: ${mixText()}.`,
    "",
    ...stores.flatMap((store) =>
      storeText(
        store,
        phases.filter((phase) => phase.store === store),
        idles.get(store),
      ),
    ),
  ].join("\n");
}

function mixText(): string {
  return Object.entries(statedMix)
    .map(([kind, share]) => `${share} % ${titles[kind as CallKind]}`)
    .join(", ");
}

function storeText(store: string, phases: readonly Phase[], idle: Cpu | undefined): readonly string[] {
  const single = phases.filter(({ name }) => name in titles);
  const mixes = phases.filter(({ name }) => name.startsWith("mix"));
  return [
    `## ${store === "postgres" ? "Postgres" : "Embedded (SQLite)"}`,
    "",
    "| call | us of CPU | calls | work | making | store | rate /s | p50 ms | p99 ms | not OK | others |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
    ...single.map(({ name, measured }) => row(titles[name as keyof typeof titles], measured)),
    "",
    "| the mix | us of CPU | calls | work | making | store | rate /s | p50 ms | p99 ms | not OK | others |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
    ...mixes.map(({ name, measured }) => row(envoyed(name, measured), measured)),
    "",
    ...(idle ? [idleText(idle), ""] : []),
    ...sumText(single),
  ];
}

function idleText({ calls, work, making, store }: Cpu): string {
  const [one, two, three, four] = [calls, work, making, store].map((value) => value.toFixed(0));
  return `While nobody asks: calls ${one}, work ${two}, making ${three}, store ${four} ms of CPU a second. It is in the figures above.`;
}

function envoyed(name: string, { cpu }: Measured): string {
  return cpu.envoy > 0 ? `${name} (Envoy itself: ${cpu.envoy.toFixed(0)} us)` : name;
}

function row(title: string, { cpu, all, perSecond, otherShare }: Measured): string {
  const micros = [totalOf(cpu), cpu.calls, cpu.work, cpu.making, cpu.store].map((value) => value.toFixed(0));
  const times = [all.p50Ms, all.p99Ms].map((value) => value.toFixed(1));
  const columns = [
    title,
    ...micros,
    String(perSecond),
    ...times,
    String(notOk(all.codes)),
    `${(otherShare * 100).toFixed(0)} %`,
  ];
  return `| ${columns.join(" | ")} |`;
}

function notOk(codes: Readonly<Record<string, number>>): number {
  return Object.entries(codes).reduce((sum, [code, count]) => (code === "OK" ? sum : sum + count), 0);
}

/** Ten thousand calls a second, from what each kind costs alone. */
function sumText(single: readonly Phase[]): readonly string[] {
  const cpuOf = (name: string) => single.find((phase) => phase.name === name)?.measured.cpu;
  const [created, made] = [cpuOf("created"), cpuOf("made")];
  if (!created || !made) return [];
  const parts = Object.entries(statedMix).map(([kind, share]) => {
    const each = cpuOf(kind);
    const rate = (perSecond * share) / 100;
    return { title: titles[kind as CallKind], rate, micros: each ? totalOf(each) : 0 };
  });
  const making = Math.max(0, totalOf(made) - totalOf(created));
  const rate = (perSecond * (statedMix.created ?? 0)) / 100;
  const all = [...parts, { title: "making a report and writing its result", rate, micros: making }];
  const cores = all.reduce((sum, part) => sum + (part.rate * part.micros) / 1e6, 0);
  const machines = Math.ceil(cores / (machineCores * utilisation));
  return [
    `### The sum for ${perSecond.toLocaleString("en")} calls a second`,
    "",
    "| | calls /s | us of CPU | cores |",
    "|---|---|---|---|",
    ...all.map(
      (part) =>
        `| ${part.title} | ${part.rate} | ${part.micros.toFixed(0)} | ${((part.rate * part.micros) / 1e6).toFixed(2)} |`,
    ),
    `| all | | | **${cores.toFixed(1)}** |`,
    "",
    `With each machine of ${machineCores} cores loaded to ${utilisation * 100} %: ${machines} machines, without Envoy, TLS and the spare ones for a lost data center.`,
    "",
  ];
}
